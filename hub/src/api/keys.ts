import { infiniteQueryOptions, queryOptions, useQueryClient } from '@tanstack/react-query'
import { call } from './call.ts'
import type { Brake, Key, KeyWithSecret, Page, RateOverrides, Settled } from './types.ts'

export type KeyFilter = Readonly<Record<string, string | null>>

const rowsAPage = 50

export function keyList(filter: KeyFilter) {
  return infiniteQueryOptions({
    queryKey: ['keys', filter],
    queryFn: ({ pageParam, signal }) =>
      call<Page<Key>>('GET', 'admin/v1/keys', {
        query: { ...filter, limit: rowsAPage, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : 30_000),
  })
}

export function keyById(id: string) {
  return queryOptions({
    queryKey: ['key', id],
    queryFn: ({ signal }) => call<Key>('GET', `admin/v1/keys/${encodeURIComponent(id)}`, { signal }),
    refetchInterval: 10_000,
  })
}

export interface NewKey {
  readonly merchant_id: string
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly expires_at?: string | null
}

/** `attempt`: the same for each try of one wish, so that it makes one key however often it is sent. */
export function createKey(key: NewKey, attempt: string): Promise<KeyWithSecret> {
  return call('POST', 'admin/v1/keys', {
    body: key,
    query: { wait: 'all' },
    headers: { 'idempotency-key': attempt },
  })
}

export type KeyVerb = 'disable' | 'enable' | 'revoke' | 'rotation/end' | 'brakes/release'

const pathOf = (id: string, verb?: string): string =>
  `admin/v1/keys/${encodeURIComponent(id)}${verb === undefined ? '' : `/${verb}`}`

export function changeKey(id: string, verb: KeyVerb, reason: string): Promise<Key & Settled> {
  return call('POST', pathOf(id, verb), { body: reasonPart(reason), query: { wait: 'all' } })
}

export function moveGrace(id: string, seconds: number, reason: string): Promise<Key & Settled> {
  return call('POST', pathOf(id, 'rotation/grace'), {
    body: { grace_seconds: seconds, ...reasonPart(reason) },
    query: { wait: 'all' },
  })
}

export function rotateKey(id: string, graceSeconds: number, attempt: string): Promise<KeyWithSecret> {
  return call('POST', pathOf(id, 'rotate'), {
    body: { grace_seconds: graceSeconds },
    query: { wait: 'all' },
    headers: { 'idempotency-key': attempt },
  })
}

export interface KeyPatch {
  readonly name?: string
  readonly permissions?: readonly string[]
  readonly expires_at?: string | null
  readonly owner?: string | null
  readonly allowed_ips?: readonly string[]
  readonly rate_limits?: RateOverrides
  readonly in_flight?: number | null
  readonly metadata?: Readonly<Record<string, string>>
}

/** Refused where the key is no longer the one that the reader saw. */
export function patchKey(key: Key, patch: KeyPatch, reason: string): Promise<Key & Settled> {
  return call('PATCH', pathOf(key.id), {
    body: { ...patch, ...reasonPart(reason) },
    query: { wait: 'all' },
    headers: { 'if-match': `"${key.revision}"` },
  })
}

function reasonPart(reason: string): { reason?: string } {
  const text = reason.trim()
  return text === '' ? {} : { reason: text }
}

/** Takes what a change answered with; a secret in it is left out. */
export function useTakeKey(): (answer: Key & Settled & { secret?: string | null }) => void {
  const client = useQueryClient()
  return (answer) => {
    const { secret: _, pending: __, redis: ___, ...key } = answer
    client.setQueryData(keyById(key.id).queryKey, key)
    void client.invalidateQueries({ queryKey: ['keys'] })
    void client.invalidateQueries({ queryKey: ['history', key.id] })
  }
}

/** What a key does now: expired is none of its statuses. */
export function stateOf(key: Key, nowMs: number): 'active' | 'disabled' | 'revoked' | 'expired' {
  if (key.status === 'active' && key.expires_at !== null && Date.parse(key.expires_at) <= nowMs)
    return 'expired'
  return key.status
}

/** Rather than told of. */
export function isHeld(brake: Brake): boolean {
  return brake.ends_at === null
}

/** The secret that a rotation replaced and that still works, if any. */
export function oldSecretOf(key: Key, nowMs: number) {
  return key.secrets.slice(1).find(({ expires_at }) => expires_at !== null && Date.parse(expires_at) > nowMs)
}

export interface UseRow {
  readonly minute: string
  readonly span: string
  readonly route: string
  readonly outcome: string
  readonly secret_id: string
  readonly count: number
}

/** The last minutes of a key, newest first, up to a page. */
export function recentUse(id: string, minutes: number) {
  return queryOptions({
    queryKey: ['recent-use', id, minutes],
    queryFn: ({ signal }) =>
      call<Page<UseRow>>('GET', pathOf(id, 'activity'), {
        query: { from: new Date(Date.now() - minutes * 60_000).toISOString(), limit: 200 },
        signal,
      }),
    refetchInterval: 10_000,
  })
}
