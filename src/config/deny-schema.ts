// The schema of the deny file: the emergency stop's lists. What an entry may look like is said here once, for the file
// and for the admin API.

import { type Static, Type } from 'typebox'
import { closed } from './schema-fields.ts'

/** What one entry of each list looks like. */
export const denyEntryRules = {
  keys: {
    pattern: '^(?:key|cli|jwt|jti|sub|iss)_[0-9A-Za-z]{10,40}$',
    expects:
      'the id of a key, key_…, or of a client of OAuth, cli_…, or of tokens of an outside issuer: jwt_…, jti_…, sub_…, iss_…',
  },
  merchants: { pattern: '^mer_[0-9A-Za-z]{10,40}$', expects: 'the id of a merchant, mer_…' },
  prefixes: {
    // The second form is the one in which a long prefix is kept and listed.
    pattern: '^(?:[A-Za-z0-9_-]{4,256}|[A-Za-z0-9_-]{12}~[0-9]{2,3}~[A-Za-z0-9_-]{43})$',
    expects: 'the beginning of a secret: 4 to 256 of A-Z, a-z, 0-9, `_` and `-`',
  },
  permissions: {
    pattern: '^(?!public$)[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$',
    expects: 'the name of a permission, other than `public`',
  },
  clients: { pattern: '^[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?$', expects: 'an IP address or a CIDR block' },
} as const

/** One entry of each list, as an example. */
const entries = {
  keys: 'key_01K8ZX3V9Q',
  merchants: 'mer_01K8ZX3V9R',
  prefixes: 'pk_live_A1b2',
  permissions: 'transaction.refund',
  clients: '203.0.113.0/24',
} as const

const list = (of: keyof typeof denyEntryRules, description: string) =>
  Type.Optional(Type.Array(Type.String(denyEntryRules[of]), { description, examples: [[entries[of]]] }))

/** The deny file. Left out and `[]` mean the same. */
export const DenyFile = Type.Object(
  {
    keys: list(
      'keys',
      'Ids of keys, and of clients of OAuth with all their access tokens; of outside issuers a merchant’s tokens (`jwt_…`), one (`jti_…`), all of a subject (`sub_…`) or of an issuer (`iss_…`), as the access log calls them: refused with 401 INVALID_API_KEY.',
    ),
    merchants: list('merchants', 'Ids of merchants: all their keys are refused with 401 INVALID_API_KEY.'),
    prefixes: list(
      'prefixes',
      'Beginnings of secrets, or whole ones, such as a leaked batch: refused before any look-up.',
    ),
    permissions: list('permissions', 'Permissions: held by nobody, on any API.'),
    clients: list(
      'clients',
      'Addresses and CIDR blocks of clients: refused on every route, public ones too.',
    ),
  },
  { ...closed, expects: 'a mapping with lists; `{}` where nothing is denied' },
)
export type DenyFile = Static<typeof DenyFile>
