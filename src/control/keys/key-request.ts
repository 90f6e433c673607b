// What callers say about keys, and whether it holds against the permission table and the clock.

import { Type } from 'typebox'
import type { Api } from '../../config/compiled.ts'
import { maxGraceSeconds } from '../../credentials/lifecycle.ts'
import { fullAccess } from '../../credentials/permission.ts'
import { listedStatuses } from '../../credentials/record.ts'
import { withoutKeys } from '../../credentials/secret.ts'
import { DenialError, deny, type FieldFault } from '../../errors/denial.ts'
import { keySorts } from '../../store/keys/key-order.ts'
import type { KeyMetadata } from '../../store/keys/key-table.ts'
import type { ControlDeps } from '../dependencies.ts'
import { changeBody, nameField, pageFields, textField } from '../fields.ts'
import { instantOf } from '../instant.ts'
import { allowedIpsField, inFlightField, rateLimitsField } from '../limit-fields.ts'
import { nameRule } from '../name-rule.ts'
import { invalid } from '../refusal.ts'
import { ageFields } from './key-ages.ts'

/** Of one key. */
export const mostPermissions = 500

/** Which ones there are is the API's to say. */
export const environmentField = textField(32)
export const permissionsField = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
  minItems: 1,
  maxItems: mostPermissions,
})
export const expiryField = Type.Union([Type.String({ maxLength: 64 }), Type.Null()])

/** Of one key. */
export const mostPairs = 16
const maxValueLength = 500

export const metadataField = Type.Record(
  Type.String({ pattern: '^[A-Za-z][A-Za-z0-9_.-]{0,39}$' }),
  Type.String({ minLength: 1, [nameRule]: maxValueLength }),
  {
    maxProperties: mostPairs,
    additionalProperties: false,
    description: `Pairs of your own, at most ${mostPairs}: names of a letter and up to 39 more letters, digits, \`_\`, \`.\` and \`-\`; texts as names are, up to ${maxValueLength} characters. None may hold a secret. A change names all pairs.`,
  },
)
export const ownerField = Type.Union([nameField, Type.Null()], {
  description: 'Who answers for the key: a name, a team, an address. None may hold a secret.',
})

export const newKeyBody = changeBody({
  merchant_id: textField(64),
  api: textField(100),
  environment: environmentField,
  name: nameField,
  permissions: permissionsField,
  expires_at: Type.Optional(expiryField),
  allowed_ips: Type.Optional(allowedIpsField),
  rate_limits: Type.Optional(rateLimitsField),
  in_flight: Type.Optional(inFlightField),
  metadata: Type.Optional(metadataField),
  owner: Type.Optional(ownerField),
})

export const keyPatchBody = changeBody({
  name: Type.Optional(nameField),
  permissions: Type.Optional(permissionsField),
  expires_at: Type.Optional(expiryField),
  allowed_ips: Type.Optional(allowedIpsField),
  rate_limits: Type.Optional(rateLimitsField),
  in_flight: Type.Optional(inFlightField),
  metadata: Type.Optional(metadataField),
  owner: Type.Optional(ownerField),
})

export const rotateBody = changeBody({
  grace_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: maxGraceSeconds })),
})

/** 0 would be an end by the clock; one that every instance keeps is asked for as such. */
export const graceBody = changeBody({
  grace_seconds: Type.Integer({ minimum: 1, maximum: maxGraceSeconds, description: 'From now' }),
})

export const keyListQuery = Type.Object(
  {
    merchant_id: Type.Optional(textField(64)),
    status: Type.Optional(Type.Enum([...listedStatuses])),
    api: Type.Optional(textField(100)),
    environment: Type.Optional(environmentField),
    q: Type.Optional(nameField),
    last4: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{4}$', description: 'Of a secret that works, exactly' }),
    ),
    ...ageFields,
    sort: Type.Optional(
      Type.Enum([...keySorts], {
        description:
          '`-created` (the newest first) unless said. Keys without an end come last by `expires`, never used ones first by `last_used`',
      }),
    ),
    ...pageFields,
  },
  { additionalProperties: false },
)

/** What is said of a key, where it is. Throws VALIDATION_FAILED where a whole key of ours stands in it: others read this. */
export function aboutOf(
  deps: ControlDeps,
  { metadata, owner }: { readonly metadata?: KeyMetadata; readonly owner?: string | null },
) {
  for (const [name, text] of Object.entries(metadata ?? {})) refuseKeys(deps, `/metadata/${name}`, text)
  refuseKeys(deps, '/owner', owner ?? '')
  return { ...(metadata !== undefined && { metadata }), ...(owner !== undefined && { owner }) }
}

/** Throws VALIDATION_FAILED at `path` where a text that is kept and shown holds a key of any configured prefix. */
export function refuseKeys(deps: ControlDeps, path: string, text: string): void {
  if (withoutKeys(text, deps.table().prefixes) !== text)
    throw invalid(path, 'holds the secret of a key, which must stand nowhere')
}

/** The API of that name. Throws VALIDATION_FAILED at `path`. */
export function apiOf(deps: ControlDeps, name: string, path: string): Api {
  const api = deps.table().apis.get(name)
  if (!api) throw unknownApi(path)
  return api
}

/** Also of an API that the caller does not see. */
export function unknownApi(path: string): DenialError {
  return invalid(path, 'is not a configured API')
}

/** What is wrong with the name of an environment that the API does not have. */
export function noEnvironment({ name, environments }: Api): string {
  return `is not an environment of ${name}: it has ${environments.map((one) => one.name).join(', ')}`
}

/** The permissions sorted and without repeats. Throws VALIDATION_FAILED, naming each that the API does not have. */
export function permissionsOf(api: Api, names: readonly string[]): readonly string[] {
  const details = permissionFaults(api, names)
  if (details.length > 0) throw new DenialError(deny('VALIDATION_FAILED', 'permissions', { details }))
  return sortedPermissions(names)
}

/** What is wrong with a list of permissions of that API. */
export function permissionFaults(api: Api, names: readonly string[]): readonly FieldFault[] {
  return names.flatMap((name, index): FieldFault[] => {
    const path = `/permissions/${index}`
    if (name === fullAccess)
      return names.length > 1 ? [{ path, message: '* includes all others: name it alone' }] : []
    return api.permissions.has(name) ? [] : [{ path, message: `is not a permission of ${api.name}` }]
  })
}

/** As they are stored: sorted, without repeats. */
export function sortedPermissions(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted()
}

/** When a key is to expire, in milliseconds since the epoch; null: never. Throws VALIDATION_FAILED. */
export function expiryOf(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const ms = instantOf('/expires_at', text)
  if (ms <= nowMs) throw invalid('/expires_at', 'must be in the future')
  return ms
}

/** The revision that If-Match asks for (RFC 9110 §13.1.1); null: any. A weak tag never matches. */
export function ifMatchOf(header: string | undefined): number | null {
  if (header === undefined || header === '*') return null
  const [, isWeak, digits] = /^(W\/)?"(\d{1,15})"$/.exec(header) ?? []
  if (digits === undefined) throw invalid('If-Match', 'must be a revision in double quotes')
  return isWeak === undefined ? Number(digits) : -1
}
