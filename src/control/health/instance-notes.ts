// What is to be told of the processes that serve: of this one as it knows itself, of the others as they said with their last beat.

import type { Degraded, InstanceView } from '../../store/instance-table.ts'
import type { Health } from '../dependencies.ts'
import { behindOf, isSilent } from '../instances/routes.ts'
import { instanceStateOf } from './instance-state.ts'
import type { Note, NoteCode } from './note.ts'

export interface InstancesSeen {
  readonly own: { readonly id: string; readonly health: Health }
  /** Those that count. */
  readonly instances: readonly InstanceView[]
  /** Of the database. */
  readonly head: number
  /** When the first change was made that an instance at this revision has not applied; undefined: not known. */
  readonly missedAtMs: (appliedRevision: number) => number | undefined
  readonly nowMs: number
}

/** More than what answers take, and than what anybody grants by the second. */
const mostApartMs = 1_000
/** A change that is older has reached whoever it can reach. */
const behindAfterMs = 5_000

/** Without the database: of this process alone. */
export function ownNotes({ id, health }: InstancesSeen['own']): readonly Note[] {
  const { postgres, postgresFault, denied = {} } = health
  const stopped = Object.values(denied).reduce((sum, count) => sum + count, 0)
  return [
    ...(postgres === 'refused'
      ? [
          {
            code: 'postgres_refused',
            summary: `Postgres refuses instance ${id}.`,
            detail: postgresFault,
            about: [id],
          } as const,
        ]
      : []),
    ...(postgres === 'down'
      ? [{ code: 'postgres_down', summary: `Instance ${id} cannot reach Postgres.`, about: [id] } as const]
      : []),
    ...(stopped > 0
      ? [
          {
            code: 'emergency_stop',
            summary: `${counted(stopped, 'entry is', 'entries are')} on the deny list.`,
            count: stopped,
          } as const,
        ]
      : []),
  ]
}

export function instanceNotes(seen: InstancesSeen): readonly Note[] {
  return [...standingNotes(seen), ...beatNotes(seen)]
}

/** By what each says of itself; the same of several is one note. */
function standingNotes({ own, instances }: InstancesSeen): Note[] {
  const found = new Map<NoteCode, Map<string, string[]>>()
  const add = (id: string, code: NoteCode, detail: string | null) => {
    const ofCode = found.get(code) ?? new Map<string, string[]>()
    found.set(code, ofCode)
    ofCode.set(detail ?? '', [...(ofCode.get(detail ?? '') ?? []), id])
  }
  const others = instances.filter(({ id, state }) => id !== own.id && state !== null)
  const all = [
    { id: own.id, state: instanceStateOf(own.health) },
    ...others.map(({ id, state }) => ({ id, state })),
  ]
  for (const { id, state } of all) {
    if (state?.redis === 'down') add(id, 'redis_down', null)
    if (state?.redis === 'degraded') add(id, 'redis_degraded', null)
    for (const { reason, detail } of state?.degraded ?? []) add(id, reason, detail)
  }
  return [...found].flatMap(([code, byDetail]) =>
    [...byDetail].map(([detail, about]) => ({
      ...{ code, about, detail: detail === '' ? null : detail },
      summary: summaryOf(code, about),
    })),
  )
}

const said = {
  config_fault: 'does not have the configuration on disk in force',
  deny_fault: 'does not have the deny file on disk in force',
  certificate: 'has a certificate that is to be seen to',
  workers_missing: 'serves with fewer workers than it should',
  gateway_silent: 'runs, and its port does not answer',
  log_dropping: 'loses lines of its log',
  cache_keys_apart: 'cannot read what others write to Redis, or they not what it writes',
  upstream_unavailable: 'has an upstream with targets that get no requests',
} as const satisfies Record<Degraded['reason'], string>

function summaryOf(code: NoteCode, about: readonly string[]): string {
  const who = about.length === 1 ? `Instance ${about[0]}` : `Each of ${about.length} instances`
  if (code === 'redis_down') return `${who} cannot reach Redis.`
  if (code === 'redis_degraded') return `${who} is refused some of what it asks of Redis.`
  const words: Readonly<Record<string, string>> = said
  return `${who} ${words[code] ?? 'is not well'}.`
}

/** By its heartbeat. */
function beatNotes({ own, instances, head, missedAtMs, nowMs }: InstancesSeen): Note[] {
  const silent = instances.filter((one) => one.id !== own.id && isSilent(one, nowMs))
  const apart = instances.filter(({ clockOffsetMs }) => Math.abs(clockOffsetMs ?? 0) > mostApartMs)
  const serving = instances.filter(({ role }) => role !== 'control')
  const tables = new Set(serving.flatMap(({ state }) => state?.tableSha256 ?? []))
  const versions = [...new Set(instances.map(({ version }) => version))].toSorted()
  return [
    ...instances.flatMap((one) => behindNote(one, { head, missedAtMs, nowMs })),
    ...silent.map((one) => ({
      code: 'instance_silent' as const,
      summary: `Postgres has not heard of instance ${one.id} for ${secondsOf(nowMs - one.lastSeenAtMs)} s.`,
      about: [one.id],
      sinceMs: one.lastSeenAtMs,
    })),
    ...apart.map((one) => ({
      code: 'clock_apart' as const,
      summary: `The clock of ${one.host} is ${secondsOf(Math.abs(one.clockOffsetMs ?? 0))} s ${
        (one.clockOffsetMs ?? 0) < 0 ? 'ahead of' : 'behind'
      } the database's.`,
      about: [one.id],
    })),
    ...(tables.size > 1
      ? [
          {
            code: 'tables_differ' as const,
            summary: `Instances have ${tables.size} different permission tables in force.`,
            about: serving.map(({ id }) => id),
          },
        ]
      : []),
    ...(versions.length > 1
      ? [
          {
            code: 'versions_differ' as const,
            summary: `Instances have different versions: ${versions.join(', ')}.`,
            about: instances.map(({ id }) => id),
          },
        ]
      : []),
  ]
}

function behindNote(
  one: InstanceView,
  { head, missedAtMs, nowMs }: Pick<InstancesSeen, 'head' | 'missedAtMs' | 'nowMs'>,
): Note[] {
  const behind = behindOf(one, head)
  const sinceMs = missedAtMs(one.appliedRevision)
  // One that has begun just now applies what was there before, and changes travel for a moment.
  const isNew = nowMs - Math.max(one.startedAtMs, sinceMs ?? 0) < behindAfterMs
  if (behind === 0 || isNew) return []
  const duration = sinceMs === undefined ? '' : ` for ${secondsOf(nowMs - sinceMs)} s`
  return [
    {
      code: 'instance_behind',
      summary: `Instance ${one.id} has not applied ${counted(behind, 'change', 'changes')}${duration}.`,
      ...{ about: [one.id], sinceMs },
    },
  ]
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}

export function secondsOf(milliseconds: number): number {
  const seconds = milliseconds / 1_000
  return seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)
}
