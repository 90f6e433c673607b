// What stands before every route of the admin API: who calls, and whether that one may. Judged before a body is read.

import type { FastifyRequest } from 'fastify'
import { type Denial, DenialError } from '../../errors/denial.ts'
import type { OperatorCheck } from '../operator.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { isSigned } from '../keys/exposed/signature.ts'
import { sendDenial } from '../refusal.ts'
import { createWrongTokens } from '../wrong-tokens.ts'
import { type Access, accessOf } from './access.ts'
import { type Caller, judgeAccess, signer } from './caller.ts'
import { identify } from './identify.ts'
import type { HubApp } from '../people/hub-app.ts'
import { identifyCommandLine, identifySession, narrowed } from '../people/identify-session.ts'
import { isSafe } from '../people/site.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls the admin API, once known. */
    caller: Caller
    /**
     * Asks again who calls, before a change is made and before each part of what takes long: a revoked or expired token, an ended
     * session and a role that was taken away go no further. Throws what it would be refused with, and StoreUnavailableError.
     */
    confirm(): Promise<void>
  }
}

/** What is counted by address of those that show a token, and held back from a number on. */
const guesses = new Set(['admin_token_wrong', 'admin_token_revoked', 'admin_token_expired', 'session_ended'])

interface Knowing {
  readonly check: OperatorCheck
  /** null: nobody signs in. */
  readonly hub: HubApp | null
}

/** To be called before any route is registered. */
export function guardAdmin(app: ControlApp, deps: AdminDeps, { check, hub }: Knowing): void {
  const wrongTokens = createWrongTokens({
    monotonicNow: () => performance.now(),
    persistent: (address, count) =>
      deps.log.warn({ client: address, count }, 'wrong admin tokens in a row; each further one is held back'),
  })

  async function refuseCaller(reason: string, { client, headers }: FastifyRequest): Promise<boolean> {
    deps.refused(reason)
    const isToken = headers.authorization !== undefined
    return isToken && guesses.has(reason) && wrongTokens.add(client ?? '')
  }

  /** A session counts where no token of machines is shown: it comes from everywhere, and they from their addresses alone. */
  async function whoCalls(request: FastifyRequest, isUse = true): Promise<Caller | Denial> {
    const { vouched: address, headers } = request
    const { authorization } = headers
    const bySession =
      hub &&
      (authorization === undefined
        ? await identifySession(hub, request, isUse)
        : await identifyCommandLine(hub, authorization, isUse))
    return bySession ?? identify({ ...deps, check }, { address, authorization })
  }

  async function confirm(request: FastifyRequest): Promise<void> {
    const caller = await whoCalls(request, false)
    const verdict = 'code' in caller ? caller : judgeRoute(request, caller)
    if ('code' in verdict) {
      deps.refused(verdict.reason)
      throw new DenialError(verdict)
    }
    request.caller = verdict
  }

  demandLines(app)
  app.decorateRequest('confirm', function (this: FastifyRequest) {
    return confirm(this)
  })
  app.addHook('onRequest', async (request, reply) => {
    if (deps.scanners.length > 0 && lineOf(request)?.signed && isSigned(request.headers)) {
      request.caller = signer
      return undefined
    }
    const verdict = await whoCalls(request)
    if ('code' in verdict) {
      const isHeld = await refuseCaller(verdict.reason, request)
      if (isHeld) void reply.header('connection', 'close')
      return sendDenial(verdict, request, reply)
    }
    request.caller = verdict
    const judged = judgeRoute(request, verdict)
    if ('code' in judged) {
      deps.refused(judged.reason)
      return sendDenial(judged, request, reply)
    }
    request.caller = judged
    return undefined
  })
  // A body may take as long as it likes: whoever may not any more when its last byte is there, changes nothing.
  app.addHook('preHandler', async (request) => {
    if (!isSafe(request.method) && request.caller.kind !== 'signed') await request.confirm()
  })
}

/** Who calls, as the route takes it. */
function judgeRoute(request: FastifyRequest, caller: Caller): Caller | Denial {
  const line = lineOf(request)
  const denial = line && judgeAccess(caller, line)
  if (denial !== undefined) return denial
  return line?.may.includes('member_viewer') === true ? caller : narrowed(caller)
}

function lineOf({ method, routeOptions: { url } }: FastifyRequest): Access | undefined {
  return url === undefined ? undefined : accessOf(method, url)
}

/** A route that nobody has said of who may call it is called by nobody: the program does not start. */
export function demandLines(app: ControlApp): void {
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) {
      if (accessOf(one, url) === undefined) throw new Error(`${one} ${url} has no line in callers/access.ts`)
    }
  })
}
