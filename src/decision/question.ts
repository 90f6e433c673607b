// A request that somebody wrote down, who has no key at hand but knows what it holds: made into one that the stages can
// judge, head and all.

import type { Api, ApiEnvironment, HostMatch } from '../config/compiled.ts'
import type { CredentialRecord, UnusableReason } from '../credentials/record.ts'
import { sampleKey } from '../credentials/secret.ts'
import type { Found } from '../lookup/found.ts'
import type { RequestView } from './inquiry.ts'
import { notGiven } from './judge.ts'

/** Who asks: a key, told by what it holds. */
export interface Caller {
  /** undefined: of the API that serves the host. */
  readonly api: string | undefined
  /** undefined: of the first environment that the host allows. */
  readonly environment: string | undefined
  /** As the key has them: `*` stands for all. */
  readonly permissions: readonly string[]
  /** Why the key cannot be used; undefined: it can. */
  readonly unusable: UnusableReason | undefined
}

export interface RequestQuestion {
  readonly method: string
  /** Path and query as they would be sent. */
  readonly target: string
  /** As a Host header has it. */
  readonly host: string
  readonly isSecure: boolean
  /** The method that a CORS preflight asks for; undefined: the request is none. */
  readonly preflightFor: string | undefined
  /** undefined: no key. */
  readonly caller: Caller | undefined
}

/** The request as it would come; `host`: what the table has for its Host. */
export function viewOf(question: RequestQuestion, host: HostMatch | undefined): RequestView {
  const { method, target, isSecure: isPeerTls, preflightFor, caller } = question
  const fields = ['Host', question.host]
  if (preflightFor !== undefined)
    fields.push('Origin', 'https://page.invalid', 'Access-Control-Request-Method', preflightFor)
  if (caller !== undefined && host !== undefined) addKey(fields, host.api, keyOf(caller, host))
  return { method, target, fields, httpMajor: 1, httpMinor: 1, peer, isPeerTrusted: false, isPeerTls }
}

/** Of nobody (RFC 5737). */
const peer = '192.0.2.1'

/** What a look-up of the caller's key would find. */
export function foundOf(caller: Caller | undefined, host: HostMatch | undefined): Found {
  if (caller === undefined || host === undefined) return notGiven
  return { kind: 'known', record: recordOf(caller, host), tier: 'memory' }
}

function addKey(fields: string[], { credential: { header } }: Api, key: string): void {
  if (header === null) fields.push('Authorization', `Bearer ${key}`)
  else fields.push(header, key)
}

/**
 * Keys begin as those of their environment. Of one that is of another API, or of an environment that the API has no more,
 * the text is not known (imported ones begin as they like): it begins as the host's own, so that its record decides.
 */
function keyOf(caller: Caller, host: HostMatch): string {
  const { api } = host
  const isOfApi = caller.api === undefined || caller.api === api.name
  const own = isOfApi ? environmentOf(caller, host) : undefined
  return sampleKey((own ?? host.environments[0]).prefix)
}

function environmentOf(
  { environment }: Caller,
  { api, environments }: HostMatch,
): ApiEnvironment | undefined {
  return environment === undefined
    ? environments[0]
    : api.environments.find(({ name }) => name === environment)
}

function recordOf(caller: Caller, host: HostMatch): CredentialRecord {
  const { unusable } = caller
  return {
    kind: 'api_key',
    keyId: '',
    secretId: '',
    merchantId: '',
    api: caller.api ?? host.api.name,
    environment: caller.environment ?? host.environments[0].name,
    status: unusable === 'disabled' || unusable === 'revoked' ? unusable : 'active',
    merchantStatus: unusable === 'merchant_suspended' ? 'suspended' : 'active',
    permissions: caller.permissions,
    // Whatever time it is, it is later.
    expiresAtMs: unusable === 'expired' ? 0 : null,
    secretExpiresAtMs: unusable === 'rotated_out' ? 0 : null,
    limits: null,
    token: null,
    revision: 0,
  }
}
