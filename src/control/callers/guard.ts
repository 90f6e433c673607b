// What stands before every route of the admin API: who calls, and whether that one may. Judged before a body is read.

import type { FastifyReply, FastifyRequest } from 'fastify'
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
import { identifySession, narrowed } from '../people/identify-session.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls the admin API, once known. */
    caller: Caller
    /**
     * Asks again who calls, before each part of what takes long: a revoked or expired token goes no further. Throws what it would
     * be refused with, and StoreUnavailableError.
     */
    confirm(): Promise<void>
  }
}

/** What is counted by address, and held back from a number on. */
const guesses = new Set(['admin_token_wrong', 'admin_token_revoked', 'admin_token_expired'])

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

  async function refuseCaller(reason: string, address: string): Promise<boolean> {
    deps.refused(reason)
    return guesses.has(reason) && wrongTokens.add(address)
  }

  /** A session counts where no token is shown: it comes from everywhere, and tokens from their addresses alone. */
  async function whoCalls(request: FastifyRequest, isUse = true): Promise<Caller | Denial> {
    const { vouched: address, headers } = request
    const { authorization } = headers
    const bySession =
      hub && authorization === undefined ? await identifySession(hub, request, isUse) : undefined
    return bySession ?? identify({ ...deps, check }, { address, authorization })
  }

  async function confirm(request: FastifyRequest): Promise<void> {
    const verdict = await whoCalls(request, false)
    if (!('code' in verdict)) return
    deps.refused(verdict.reason)
    throw new DenialError(verdict)
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
    const { client } = request
    const verdict = await whoCalls(request)
    if ('code' in verdict) {
      const isHeld = await refuseCaller(verdict.reason, client ?? '')
      if (isHeld) void reply.header('connection', 'close')
      return sendDenial(verdict, request, reply)
    }
    request.caller = verdict
    return judgeRoute(deps, request, reply)
  })
}

function judgeRoute(
  deps: Pick<AdminDeps, 'refused'>,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  const line = lineOf(request)
  const denial = line && judgeAccess(request.caller, line)
  if (denial === undefined) {
    if (line?.may.includes('member_viewer') !== true) request.caller = narrowed(request.caller)
    return undefined
  }
  deps.refused(denial.reason)
  return sendDenial(denial, request, reply)
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
