// How the installation stands, in words: what the probes, the instances, the stores and the rules for alerts know, as far as it can
// be seen from the control plane. Without the database: what this process knows of itself.

import { type Static, Type } from 'typebox'
import { readHead } from '../../store/change-table.ts'
import { readChangeTimes } from '../../store/health-table.ts'
import { StoreUnavailableError } from '../../store/postgres-errors.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { instant } from '../instant.ts'
import { nullableTime, timeSchema } from '../openapi/route-doc.ts'
import { instanceNotes, ownNotes } from './instance-notes.ts'
import { instanceStateOf } from './instance-state.ts'
import { type Note, noteCodes, noteKinds, severities, unseenAlerts, worstFirst } from './note.ts'
import { mostNamed, storeNotes } from './store-notes.ts'

const noteSchema = Type.Object({
  code: Type.Enum([...noteCodes]),
  severity: Type.Enum([...severities]),
  summary: Type.String({ description: 'A sentence' }),
  action: Type.String({ description: 'What it means, and what to do' }),
  detail: Type.Union([Type.String(), Type.Null()], { description: 'The words of a fault' }),
  about: Type.Array(Type.String(), {
    description: 'Ids of instances, webhooks, merchants or keys, ten at most',
  }),
  count: Type.Integer({ description: 'How many there are of it' }),
  since: nullableTime,
  alert: Type.Union([Type.String(), Type.Null()], {
    description: 'The rule of docs/prometheus-rules.yaml that says the same',
  }),
})

const healthSchema = Type.Object({
  status: Type.Enum(['ok', 'degraded', 'down'], {
    description: '`down`: a note is critical; `degraded`: one is a warning',
  }),
  checked_at: timeSchema,
  revision: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Of the last change; null: the database did not say',
  }),
  notes: Type.Array(noteSchema, { description: 'The worst first' }),
  unseen: Type.Array(Type.String(), {
    description: 'Rules of docs/prometheus-rules.yaml that only Prometheus can judge',
  }),
})

const doc = {
  summary: 'How the installation stands, in words, the worst first',
  status: 200,
  answer: healthSchema,
} as const

const redisTimeoutMs = 500

/** GET /health. */
export function serveHealth(app: ControlApp, deps: AdminDeps): void {
  app.get('/health', { config: { doc } }, async (): Promise<Static<typeof healthSchema>> => {
    const own = { id: deps.instanceId, health: deps.health() }
    const seen = await lookAround(deps, own)
    const notes = worstFirst([...ownNotes(own), ...seen.notes])
    const worst = notes[0] && noteKinds[notes[0].code].severity
    return {
      status: worst === 'critical' ? 'down' : worst === 'warning' ? 'degraded' : 'ok',
      checked_at: instant(deps.now()),
      revision: seen.head,
      notes: notes.map(noteObject),
      unseen: [...unseenAlerts],
    }
  })
}

type Own = Parameters<typeof ownNotes>[0]

async function lookAround(
  deps: AdminDeps,
  own: Own,
): Promise<{ readonly head: number | null; readonly notes: readonly Note[] }> {
  const nowMs = deps.now()
  try {
    const [instances, { head }] = await Promise.all([deps.instances(), readHead(deps.db)])
    const missed = instances.map(({ appliedRevision }) => appliedRevision + 1)
    const [times, isRedisBehind, stored] = await Promise.all([
      readChangeTimes(deps.db, missed),
      deps.isRedisBehind(head, redisTimeoutMs),
      storeNotes({
        ...{ db: deps.db, hasAuditSink: deps.hasAuditSink, nowMs },
        quotas: [...deps.table().apis.values()].flatMap(({ quotas }) => quotas),
      }),
    ])
    const missedAtMs = (applied: number) => times.get(applied + 1)
    const ofRedis = { code: 'redis_behind', summary: 'Redis does not have all changes.' } as const
    return {
      head,
      notes: [
        ...instanceNotes({ own, instances, head, missedAtMs, nowMs }),
        ...(isRedisBehind && instanceStateOf(own.health).redis === 'up' ? [ofRedis] : []),
        ...stored,
      ],
    }
  } catch (error) {
    if (!(error instanceof StoreUnavailableError)) throw error
    const isTold = own.health.postgres !== 'up'
    const away = { code: 'postgres_down', summary: 'Postgres does not answer.' } as const
    const noone = { own, instances: [], head: 0, missedAtMs: () => undefined, nowMs }
    return { head: null, notes: [...(isTold ? [] : [away]), ...instanceNotes(noone)] }
  }
}

function noteObject({ code, summary, detail, about = [], count, sinceMs }: Note): Static<typeof noteSchema> {
  const { severity, action, alert } = noteKinds[code]
  return {
    ...{ code, severity, summary, action, alert },
    detail: detail ?? null,
    about: about.slice(0, mostNamed),
    count: count ?? Math.max(1, about.length),
    since: sinceMs === undefined || sinceMs === null ? null : instant(sinceMs),
  }
}
