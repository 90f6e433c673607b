// `jwt` of an API in gateway.yaml: an outside issuer, an identity provider of the operator's, whose signed tokens (RFC 7519) are
// taken as credentials.

import { type Static, Type } from 'typebox'
import { closed, Duration, Text } from './schema-fields.ts'
import { parseDuration } from './units.ts'

/** By which tokens may be signed: those with a private key alone, so no shared secret and no `none` (RFC 8725 §3.1, §3.2). */
export const tokenAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const
export type TokenAlgorithm = (typeof tokenAlgorithms)[number]

const Claim = (description: string, example: string, standard?: string) =>
  Type.String({
    minLength: 1,
    maxLength: 200,
    expects: 'the name of a claim',
    description,
    examples: [example],
    ...(standard !== undefined && { default: standard }),
  })

const webUrl = {
  pattern: '^https?://[^\\s?#]+$',
  maxLength: 1024,
  expects: 'an https:// URL without query and fragment',
}

export const JwtSection = Type.Object(
  {
    issuer: Type.String({
      ...webUrl,
      examples: ['https://id.flintn.com'],
      description: 'What `iss` is, letter for letter.',
    }),
    audience: Text('What `aud` is, or has among its values: this API, as the issuer calls it.', {
      example: 'https://api.flintn.com',
    }),
    merchant_claim: Claim('The claim that names the merchant by its id, `mer_…`.', 'merchant_id'),
    permissions_claim: Claim(
      'The claim that names permissions: a list, or one text with spaces between them. What the table does not have gives nothing.',
      'permissions',
      'scope',
    ),
    environment: Type.Optional(
      Text('The environment that its tokens are for.', {
        expects: 'the name of an environment of the API',
        example: 'live',
      }),
    ),
    environment_claim: Type.Optional(Claim('The claim that names the environment.', 'environment')),
    jwks_uri: Type.Optional(
      Type.String({
        pattern: '^https?://[^\\s#]+$',
        maxLength: 1024,
        expects: 'an https:// URL without fragment',
        examples: ['https://id.flintn.com/jwks'],
        description:
          'Where the issuer publishes its keys. Left out: as `<issuer>/.well-known/openid-configuration` says.',
      }),
    ),
    algorithms: Type.Array(Type.Enum([...tokenAlgorithms]), {
      minItems: 1,
      uniqueItems: true,
      default: [...tokenAlgorithms],
      expects: `a list of ${tokenAlgorithms.join(', ')}`,
      description: 'By which tokens may be signed. A shared secret never does, nor `none`.',
    }),
    max_lifetime: Duration({
      default: '24h',
      description:
        'A token that ends later than this from now is not taken: nothing but its end, its merchant’s and the emergency stop ends one.',
    }),
  },
  {
    ...closed,
    description:
      'Takes signed tokens (JWT) of an outside issuer as `Authorization: Bearer` beside keys. Such a token lives to its end: the issuer cannot end it here. Left out: the API takes none.',
  },
)

/** Lifetime in milliseconds. */
export interface JwtSettings {
  readonly issuer: string
  readonly audience: string
  readonly merchantClaim: string
  readonly permissionsClaim: string
  /** Of all tokens; null: a claim says it. */
  readonly environment: string | null
  readonly environmentClaim: string | null
  /** null: the issuer's metadata says it. */
  readonly jwksUri: string | null
  readonly algorithms: readonly TokenAlgorithm[]
  readonly maxLifetimeMs: number
}

/** null: the API takes none. `environments`: names of those that it has. */
export function compileJwt(
  section: Static<typeof JwtSection> | undefined,
  environments: readonly string[],
): JwtSettings | null {
  if (section === undefined) return null
  const environmentClaim = section.environment_claim ?? null
  return {
    issuer: section.issuer,
    audience: section.audience,
    merchantClaim: section.merchant_claim,
    permissionsClaim: section.permissions_claim,
    environment: environmentClaim === null ? (section.environment ?? environments[0] ?? null) : null,
    environmentClaim,
    jwksUri: section.jwks_uri ?? null,
    algorithms: section.algorithms,
    maxLifetimeMs: parseDuration(section.max_lifetime),
  }
}
