// What happens, as it happens: decisions, a part of them where they are many, and changes of keys and merchants.

import { Type } from 'typebox'
import { deny, DenialError } from '../../errors/denial.ts'
import type { ChangeEvent } from '../../store/audit/event-table.ts'
import { seesApi, seesMerchant } from '../../store/scope.ts'
import { createLiveRate, type LiveDecision, type LiveScope, sees } from '../../telemetry/live.ts'
import { ownerOf } from '../callers/caller.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { textField } from '../fields.ts'
import { instant } from '../instant.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import { createChangeNews } from './change-news.ts'
import { createEventStream, type EventStream } from './stream.ts'

const query = Type.Object(
  { merchant_id: Type.Optional(textField(64)), api: Type.Optional(textField(100)) },
  { additionalProperties: false },
)

const doc = {
  summary:
    'Server-sent events: `decision` (50 a second at most, a sample of more), `key`, `merchant`, `lost`',
  status: 200,
  answer: 'text/event-stream',
  errors: ['OVERLOADED', 'STORE_UNAVAILABLE'],
} as const satisfies RouteDoc

/** At once in a process. */
export const mostStreams = 20
/** Of one person or token, so that one does not take them all. */
export const mostOfOwner = 4

export function serveEvents(app: ControlApp, deps: AdminDeps): void {
  /** With whom each belongs to. */
  const streams = new Map<EventStream, string>()
  const news = createChangeNews(deps.db)
  // A stream has no end of its own, and would hold up the server's.
  app.addHook('preClose', async () => {
    for (const stream of streams.keys()) stream.end()
  })

  // Without a HEAD: it would wait for the end of a stream that has none (findings/fastify-head-reads-the-stream.sh).
  const options = { schema: { querystring: query }, config: { doc }, exposeHeadRoute: false }
  app.get('/events', options, async (request, reply) => {
    const owner = ownerOf(request.caller)
    if (streams.size >= mostStreams) throw tooMany(`${mostStreams} streams are open`)
    const owned = [...streams.values()].filter((one) => one === owner).length
    if (owned >= mostOfOwner) throw tooMany(`${mostOfOwner} streams of yours are open`)
    const scope = scopeOf(request.caller.scope, request.query)
    const mayTell = createLiveRate(() => performance.now())
    const ends: (() => void)[] = []
    const stream = createEventStream({
      confirm: () => request.confirm(),
      over() {
        streams.delete(stream)
        for (const end of ends) end()
      },
    })
    streams.set(stream, owner)
    reply.raw.once('close', () => stream.body.destroy())
    ends.push(
      deps.live.listen(scope, (decision) => {
        if (mayTell()) stream.say('decision', decisionObject(decision))
      }),
      news.listen((change) => {
        if ('lost' in change) stream.lose(1)
        else if (sees(scope, change))
          stream.say(change.api === null ? 'merchant' : 'key', changeObject(change))
      }),
    )
    void reply.header('x-accel-buffering', 'no').type('text/event-stream; charset=utf-8')
    return reply.send(stream.body)
  })
}

function tooMany(what: string): DenialError {
  const message = `${what}; ask again when one has ended`
  return new DenialError(deny('OVERLOADED', 'streams', { details: [{ path: '', message }] }))
}

/** What the caller sees of what it asks for: of another's, nothing. */
function scopeOf(
  scope: LiveScope,
  { merchant_id: merchantId, api }: { readonly merchant_id?: string; readonly api?: string },
): LiveScope {
  const { merchantIds, apis } = scope
  return {
    merchantIds: merchantId === undefined ? merchantIds : seesMerchant(scope, merchantId) ? [merchantId] : [],
    apis: api === undefined ? apis : seesApi(scope, api) ? [api] : [],
  }
}

function decisionObject(one: LiveDecision): object {
  return {
    at: instant(one.atMs),
    request_id: one.requestId,
    api: one.api,
    environment: one.environment,
    route: one.route,
    merchant_id: one.merchantId,
    key_id: one.keyId,
    decision: one.decision,
    code: one.code,
    reason: one.reason,
    status: one.status,
    gateway_ms: one.gatewayMs,
  }
}

function changeObject(change: ChangeEvent): object {
  const { merchantId, api, environment, revision } = change
  const what = { at: instant(change.atMs), action: change.action, merchant_id: merchantId, revision }
  return api === null ? what : { ...what, key_id: change.target, api, environment }
}
