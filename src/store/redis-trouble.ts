// What Redis refuses, though it answers: it is up then, and of no use for some or all of what it is for. Each kind is
// logged once with what to do, until all works again.

import type { Logger } from '../telemetry/log.ts'

export interface RedisTroubles {
  /** Takes note of a failure, if Redis itself said it; returns its kind. */
  note(error: unknown): RedisTroubleKind | undefined
  /** Those that are the case now, sorted; of what was noted since the last `isOver`. */
  kinds(): readonly RedisTroubleKind[]
  /** Everything was tried and works. */
  isOver(): void
}

export interface RedisTroublesDeps {
  readonly log: Logger
  /** Told of each. */
  readonly counted: (kind: RedisTroubleKind) => void
}

/** What Redis' own word for a refusal means here, and what mends it. */
const advice = {
  MOVED: 'this is one node of a cluster: name it as redis+cluster://host:port',
  CROSSSLOT: 'this is one node of a cluster: name it as redis+cluster://host:port',
  CLUSTERDOWN: 'the cluster has lost nodes: see CLUSTER INFO, and bring them back',
  NOCLUSTER: 'this Redis is no cluster: name it as redis://host:port',
  READONLY: 'this is a replica: the URL must lead to the master, or name the Sentinels',
  NOPERM: 'the Redis user lacks a right: docs/stores.md has the rights that it needs',
  NOAUTH: 'Redis wants a password: put user and password into the Redis URL',
  WRONGPASS: 'user or password in the Redis URL are wrong',
  OOM: 'Redis is full: raise maxmemory, or set maxmemory-policy to volatile-ttl',
  MISCONF: 'Redis cannot save to its disk and takes no writes until it can: see its log',
  NOREPLICAS: 'Redis has fewer replicas than min-replicas-to-write: bring them back',
  MASTERDOWN: 'this replica has lost its master: bring that back',
  NODB: 'the Redis URL names a database that Redis does not have (`databases` in its configuration)',
  LOADING: 'Redis reads its data from disk: it is used when it is done',
  BUSY: "somebody's script runs for too long in Redis: see SCRIPT KILL",
  OTHER: 'see what Redis says',
} as const
export type RedisTroubleKind = keyof typeof advice

/** Refuses writes and answers questions. */
export const writesOnly: ReadonlySet<string> = new Set(['READONLY', 'OOM', 'MISCONF', 'NOREPLICAS'])

/** The kind of a refusal of Redis; undefined: not Redis said so, but the way to it. */
export function troubleOf(error: unknown): RedisTroubleKind | undefined {
  if (!(error instanceof Error)) return undefined
  // A cluster's client tells its own failure, and the last node's beside it.
  const { lastNodeError } = error as { readonly lastNodeError?: unknown }
  if (lastNodeError instanceof Error) return troubleOf(lastNodeError)
  if (error.name !== 'ReplyError' && !/^Too many Cluster redirections/.test(error.message)) return undefined
  const { message } = error
  if (/cluster support disabled/.test(message)) return 'NOCLUSTER'
  if (/can't run this command|can't access at least one of the keys/i.test(message)) return 'NOPERM'
  if (/DB index/i.test(message)) return 'NODB'
  if (/non local key/.test(message)) return 'CROSSSLOT'
  if (/invalid password|without any password configured/i.test(message)) return 'WRONGPASS'
  // In a script the word may stand further back: `ERR Error running script …: -OOM command not allowed`.
  const words = [...message.matchAll(/(?:^|[-: ])([A-Z]{3,12})(?= )/g)].map(([, word]) => word)
  return words.find(isKind) ?? 'OTHER'
}

/** Makes the notes of one store. */
export function createRedisTroubles({ log, counted }: RedisTroublesDeps): RedisTroubles {
  const now = new Set<RedisTroubleKind>()
  return {
    note(error) {
      const kind = troubleOf(error)
      if (kind === undefined) return undefined
      counted(kind)
      if (!now.has(kind)) {
        log.warn({ kind, reason: reasonOf(error), mend: advice[kind] }, 'Redis refuses what it is asked')
      }
      now.add(kind)
      return kind
    },
    kinds: () => [...now].toSorted(),
    isOver() {
      if (now.size > 0) log.info({ kinds: [...now].toSorted() }, 'Redis does again all that it is asked')
      now.clear()
    },
  }
}

function isKind(word: string | undefined): word is RedisTroubleKind {
  return word !== undefined && word !== 'OTHER' && Object.hasOwn(advice, word)
}

/** Without what was asked: Redis repeats the beginning of it. */
function reasonOf(error: unknown): string {
  const { lastNodeError = error } = Object(error) as { readonly lastNodeError?: unknown }
  const text = lastNodeError instanceof Error ? lastNodeError.message : ''
  return text.replace(/,? with args beginning with.*$/s, '').slice(0, 200)
}
