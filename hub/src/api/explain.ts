import { call } from './call.ts'

export interface Explained {
  readonly decision: 'allow' | 'deny'
  readonly code: string | null
  readonly status: number | null
  readonly reason: string | null
  readonly hint: string | null
  readonly api: string | null
  readonly environment: string | null
  readonly upstream: string | null
  readonly sent_path: string | null
  readonly route: { readonly template: string; readonly source: string } | null
  readonly required: readonly string[] | null
  readonly match: 'all' | 'any' | 'none' | null
  readonly held: readonly string[] | null
}

export interface AskedRequest {
  readonly method: string
  readonly url: string
  /** Id of a key, names of permissions with commas between, or nothing: no key. */
  readonly holder: string
}

export function explain({ method, url, holder }: AskedRequest): Promise<Explained> {
  const held = holder.trim()
  const who = held.startsWith('key_') ? { key_id: held } : held === '' ? {} : { permissions: held }
  return call('GET', 'admin/v1/explain', { query: { method, url: url.trim(), ...who } })
}
