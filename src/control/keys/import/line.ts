// One line of an import: JSON, its members, and what they must not contradict. No fault repeats anything of a line: a
// secret may stand in the wrong place.

import type { FastifySchemaValidationError } from 'fastify'
import { type Static, Type } from 'typebox'
import type { ApiEnvironment, Table } from '../../../config/compiled.ts'
import { keyStatuses } from '../../../credentials/record.ts'
import {
  digestOf,
  hasPrefix,
  isPresentable,
  isWellFormed,
  lastFour,
  lengthAfter,
  maxSecretLength,
  minImportedLength,
  Secret,
  withoutKeys,
} from '../../../credentials/secret.ts'
import type { FieldFault } from '../../../errors/denial.ts'
import type { ImportedKey } from '../../../store/keys/key-import-table.ts'
import { nameField, textField } from '../../fields.ts'
import { parseInstant } from '../../instant.ts'
import { fieldFault } from '../../refusal.ts'
import {
  environmentField,
  expiryField,
  metadataField,
  mostPairs,
  mostPermissions,
  noEnvironment,
  ownerField,
  permissionFaults,
  permissionsField,
  sortedPermissions,
} from '../key-request.ts'

export const importLine = Type.Object(
  {
    merchant_id: textField(64),
    api: textField(100),
    environment: environmentField,
    name: nameField,
    permissions: permissionsField,
    secret: Type.Optional(Type.String({ description: 'The whole secret; or `sha256` and `last4`.' })),
    sha256: Type.Optional(
      Type.String({ pattern: '^[0-9A-Fa-f]{64}$', description: 'SHA-256 of the whole secret, in hex.' }),
    ),
    last4: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{4}$', description: 'Its last four characters.' }),
    ),
    expires_at: Type.Optional(expiryField),
    status: Type.Optional(Type.Enum([...keyStatuses])),
    metadata: Type.Optional(metadataField),
    owner: Type.Optional(ownerField),
  },
  { additionalProperties: false },
)
type ImportLine = Static<typeof importLine>

/** What a line is judged by. */
export interface Judge {
  readonly table: Table
  readonly isWeakAllowed: boolean
  /** Checks against `importLine`; returns what is wrong. */
  schemaFaults(value: unknown): readonly FastifySchemaValidationError[]
  newId(prefix: 'key' | 'sec'): string
}

export type JudgedLine =
  | { readonly kind: 'key'; readonly key: ImportedKey; readonly checksum: 'right' | 'none' | 'unknown' }
  | { readonly kind: 'faults'; readonly faults: readonly FieldFault[] }

/** Twice what a line can have. */
const mostMembers = 24
/** Of one line. */
const mostLineFaults = 20

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Reads one line; `bytes` null: it was too long. */
export function judgeLine(bytes: Buffer | null, judge: Judge): JudgedLine {
  if (bytes === null) return faulty('', 'is too long')
  let value: unknown
  try {
    value = JSON.parse(decoder.decode(bytes))
  } catch {
    return faulty('', 'must be one JSON object, in UTF-8')
  }
  const gross = grossFault(value)
  if (gross !== undefined) return { kind: 'faults', faults: [gross] }
  const found = judge.schemaFaults(value)
  if (found.length > 0) {
    const faults = found.map(quietFault)
    const isTold = faults.some(({ path }) => path === '/environment')
    const more = isTold ? [] : environmentFaults(value, judge)
    return { kind: 'faults', faults: firstOf([...faults, ...more]) }
  }
  return judgeMembers(value as ImportLine, judge)
}

function judgeMembers(line: ImportLine, judge: Judge): JudgedLine {
  const api = judge.table.apis.get(line.api)
  if (!api) return faulty('/api', 'is not a configured API')
  const environment = api.environments.find(({ name }) => name === line.environment)
  if (!environment) return faulty('/environment', noEnvironment(api))
  const secret = line.secret === undefined ? undefined : new Secret(line.secret)
  const expiresAtMs = typeof line.expires_at === 'string' ? parseInstant(line.expires_at) : null
  const faults = [
    ...permissionFaults(api, line.permissions),
    ...sourceFaults(line),
    ...aboutFaults(line, judge),
    ...(secret ? secretFaults(secret, environment, judge) : []),
    ...(expiresAtMs === undefined
      ? [{ path: '/expires_at', message: 'must be an RFC 3339 date and time with an offset' }]
      : []),
  ]
  if (faults.length > 0 || expiresAtMs === undefined) return { kind: 'faults', faults: firstOf(faults) }
  const { name, status = 'active' } = line
  const key: ImportedKey = {
    id: judge.newId('key'),
    merchantId: line.merchant_id,
    api: api.name,
    environment: environment.name,
    name,
    status,
    isStatusSaid: line.status !== undefined,
    // Of a digest it is not known; of a secret without the environment's it is empty.
    prefix: secret && hasPrefix(secret, environment.prefix) ? environment.prefix : '',
    permissions: sortedPermissions(line.permissions),
    expiresAtMs,
    ...{ metadata: line.metadata, owner: line.owner },
    secret: { id: judge.newId('sec'), ...(secret ? storedOf(secret) : givenOf(line)) },
  }
  return { kind: 'key', key, checksum: checksumOf(secret, environment) }
}

/** Of a line with faults of other kinds, whose members may be anything: all that is wrong is told at once. */
function environmentFaults(value: unknown, { table }: Judge): readonly FieldFault[] {
  const { api: name, environment } = Object(value) as { api?: unknown; environment?: unknown }
  const api = typeof name === 'string' ? table.apis.get(name) : undefined
  if (api === undefined || typeof environment !== 'string') return []
  const isKnown = api.environments.some((one) => one.name === environment)
  return isKnown ? [] : [{ path: '/environment', message: noEnvironment(api) }]
}

/** What the schema would have a fault for each member of: a line of 64 KiB has room for thirty thousand. */
function grossFault(value: unknown): FieldFault | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const members = Object.keys(value)
  if (members.length > mostMembers) return { path: '', message: 'has members that are not known' }
  const { permissions, metadata } = value as { permissions?: unknown; metadata?: unknown }
  if (Object.keys(Object(metadata)).length > mostPairs)
    return { path: '/metadata', message: `must not have more than ${mostPairs} pairs` }
  if (!Array.isArray(permissions) || permissions.length <= mostPermissions) return undefined
  return { path: '/permissions', message: `must not have more than ${mostPermissions} items` }
}

function firstOf(faults: readonly FieldFault[]): readonly FieldFault[] {
  if (faults.length <= mostLineFaults) return faults
  const more = { path: '', message: `has ${faults.length - mostLineFaults} more faults` }
  return [...faults.slice(0, mostLineFaults), more]
}

function sourceFaults(line: ImportLine): readonly FieldFault[] {
  if (line.secret === undefined && line.sha256 === undefined) {
    return [{ path: '/secret', message: 'is required, or sha256 with last4' }]
  }
  if (line.secret === undefined)
    return line.last4 === undefined ? [{ path: '/last4', message: 'is required' }] : []
  return (['sha256', 'last4'] as const)
    .filter((name) => line[name] !== undefined)
    .map((name) => ({ path: `/${name}`, message: 'must not stand beside secret' }))
}

/** Others read what is said of a key. */
function aboutFaults({ metadata = {}, owner }: ImportLine, { table }: Judge): readonly FieldFault[] {
  const texts = [...Object.values(metadata), owner ?? '']
  const isBare = texts.every((text) => withoutKeys(text, table.prefixes) === text)
  return isBare ? [] : [{ path: '', message: 'holds the secret of a key beside `secret`' }]
}

function secretFaults(secret: Secret, environment: ApiEnvironment, judge: Judge): readonly FieldFault[] {
  const path = '/secret'
  if (!isPresentable(secret)) {
    return [{ path, message: `must be 1 to ${maxSecretLength} letters, digits, dashes and underscores` }]
  }
  const isForeign = judge.table.prefixes.some(
    (prefix) => prefix !== environment.prefix && hasPrefix(secret, prefix),
  )
  if (isForeign) return [{ path, message: 'begins with the prefix of another API or environment' }]
  if (judge.isWeakAllowed || lengthAfter(secret, environment.prefix) >= minImportedLength) return []
  return [
    { path, message: `is weak: under ${minImportedLength} characters after the prefix (see allow_weak)` },
  ]
}

/** Four characters of a very short secret would be too much of it to show. */
function storedOf(secret: Secret): { digest: string; last4: string } {
  return { digest: digestOf(secret), last4: lengthAfter(secret, '') < 8 ? '' : lastFour(secret) }
}

function givenOf({ sha256 = '', last4 = '' }: ImportLine): { digest: string; last4: string } {
  return { digest: sha256.toLowerCase(), last4 }
}

function checksumOf(secret: Secret | undefined, environment: ApiEnvironment): 'right' | 'none' | 'unknown' {
  if (!secret) return 'unknown'
  return isWellFormed(secret, environment.prefix) ? 'right' : 'none'
}

/** As of any other body, but the name of an unknown member is not repeated. */
function quietFault(fault: FastifySchemaValidationError): FieldFault {
  if (fault.keyword === 'additionalProperties') return { path: '', message: 'has a member that is not known' }
  return fieldFault(fault, 'body')
}

function faulty(path: string, message: string): JudgedLine {
  return { kind: 'faults', faults: [{ path, message }] }
}
