// A client of the authorization server as the admin API shows it, and as it is asked for it.

import { type Static, Type } from 'typebox'
import { tlsSubjectKinds } from '../../credentials/certificate.ts'
import { clientAuthMethods, oauthClientStatuses, oauthGrantTypes } from '../../credentials/oauth.ts'
import { Secret } from '../../credentials/secret.ts'
import type { StoredClient } from '../../store/oauth/oauth-client-table.ts'
import { changeBody, nameField, textField } from '../fields.ts'
import { instant } from '../instant.ts'
import { permissionsField } from '../keys/key-request.ts'
import { inFlightField, rateLimitsField, rateSchema } from '../limit-fields.ts'
import { timeSchema } from '../openapi/route-doc.ts'
import { rotationBody, secretObjects, secretsSchema } from '../secret-fields.ts'

const tlsSubjectField = Type.Object(
  Object.fromEntries(tlsSubjectKinds.map((kind) => [kind, Type.Optional(textField(1024))])),
  {
    ...{ additionalProperties: false, minProperties: 1, maxProperties: 1 },
    description:
      'Of `tls_client_auth`: the one name that its certificate has (RFC 8705), to the letter; a subject in the form of RFC 4514',
  },
)

export const clientSchema = Type.Object({
  client_id: Type.String(),
  merchant_id: Type.Union([Type.String(), Type.Null()], {
    description: 'null: whoever grants chooses the merchant',
  }),
  api: Type.String({ description: 'That its tokens are for' }),
  environment: Type.String(),
  name: Type.String({ description: 'What people read who are asked to grant' }),
  grants: Type.Array(Type.Enum([...oauthGrantTypes])),
  redirect_uris: Type.Array(Type.String()),
  permissions: Type.Array(Type.String(), { description: 'That it may ask for at most; `*`: all of the API' }),
  auth_method: Type.Enum([...clientAuthMethods]),
  jwks: Type.Union([Type.Object({ keys: Type.Array(Type.Unknown()) }), Type.Null()]),
  jwks_uri: Type.Union([Type.String(), Type.Null()], {
    description: 'Where it publishes its keys, in place of `jwks`',
  }),
  tls_subject: Type.Union([tlsSubjectField, Type.Null()]),
  rate_limits: Type.Record(Type.String(), rateSchema, {
    description:
      'In place of what the file says of limits that count by key, by their names; all tokens of the client are one',
  }),
  in_flight: inFlightField,
  bound: Type.Boolean({
    description:
      'Whether its tokens are bound to a key of its own (DPoP), or to the certificate by which it shows itself',
  }),
  status: Type.Enum([...oauthClientStatuses]),
  created_at: timeSchema,
  created_by: Type.String(),
  secrets: secretsSchema('work'),
})

/** Of a list, that readers need ask for nothing row by row. */
export const listedClientSchema = Type.Intersect([
  clientSchema,
  Type.Object({
    merchant_name: Type.Union([Type.String(), Type.Null()], {
      description: 'In the list alone; null: whoever grants chooses the merchant',
    }),
  }),
])

export const clientWithSecretSchema = Type.Intersect([
  clientSchema,
  Type.Object({
    client_secret: Type.Union([Type.String(), Type.Null()], {
      description:
        'The whole secret, here only; null in the answer to a repeat, and where the client has keys instead',
    }),
  }),
])

const redirectUrisField = Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), {
  maxItems: 20,
  uniqueItems: true,
  description: 'Compared to the letter. https://, or http:// on localhost, 127.0.0.1 or [::1]',
})
const jwksField = Type.Object(
  { keys: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 10 }) },
  {
    additionalProperties: false,
    description:
      'Public keys (RFC 7517), of `private_key_jwt`; of `self_signed_tls_client_auth`, each with its certificate as `x5c`',
  },
)
const jwksUriField = Type.String({
  minLength: 1,
  maxLength: 2048,
  description:
    'Where the client publishes its public keys (RFC 7517), of `private_key_jwt`, in place of `jwks`: fetched by the rules of webhooks, kept for five minutes, and asked for anew for a key that is not known',
})

export const newClientBody = changeBody({
  name: nameField,
  merchant_id: Type.Optional(
    Type.Union([textField(64), Type.Null()], { description: 'null: all merchants' }),
  ),
  api: Type.Optional(textField(100)),
  environment: Type.Optional(textField(32)),
  grants: Type.Array(Type.Enum([...oauthGrantTypes]), { minItems: 1, uniqueItems: true }),
  redirect_uris: Type.Optional(redirectUrisField),
  permissions: permissionsField,
  auth_method: Type.Optional(
    Type.Enum([...clientAuthMethods], { description: '`client_secret` unless said' }),
  ),
  jwks: Type.Optional(jwksField),
  jwks_uri: Type.Optional(jwksUriField),
  tls_subject: Type.Optional(tlsSubjectField),
  rate_limits: Type.Optional(rateLimitsField),
  in_flight: Type.Optional(inFlightField),
  bound: Type.Optional(Type.Boolean()),
})

export const clientPatchBody = changeBody({
  name: Type.Optional(nameField),
  redirect_uris: Type.Optional(redirectUrisField),
  permissions: Type.Optional(permissionsField),
  jwks: Type.Optional(jwksField),
  jwks_uri: Type.Optional(jwksUriField),
  rate_limits: Type.Optional(rateLimitsField),
  in_flight: Type.Optional(inFlightField),
})

export const rotateClientBody = rotationBody('works')

type Added = 'jwksUri' | 'limits' | 'tlsSubject'
/** What an earlier version has kept for a repeat lacks what was added since. */
type KeptClient = Omit<StoredClient, Added> & Partial<Pick<StoredClient, Added>>

export function clientObject(client: KeptClient): Static<typeof clientSchema> {
  const { jwksUri = null, limits = { rates: {}, inFlight: null }, tlsSubject = null } = client
  return {
    client_id: client.id,
    merchant_id: client.merchantId,
    api: client.api,
    environment: client.environment,
    name: client.name,
    grants: [...client.grants],
    redirect_uris: [...client.redirectUris],
    permissions: [...client.permissions],
    auth_method: client.authMethod,
    jwks: client.jwks && { keys: [...client.jwks.keys] },
    jwks_uri: jwksUri,
    tls_subject: tlsSubject && { ...tlsSubject },
    rate_limits: { ...limits.rates },
    in_flight: limits.inFlight,
    bound: client.isBound,
    status: client.status,
    created_at: instant(client.createdAtMs),
    created_by: client.createdBy,
    secrets: secretObjects(client.secrets),
  }
}

/** The one form in which a secret leaves the program: the answer to create and rotate-secret; null: there is none to show. */
export function clientObjectWithSecret(client: KeptClient, secret: Secret | null) {
  const { client_id: clientId, ...rest } = clientObject(client)
  return { client_id: clientId, client_secret: secret && Secret.reveal(secret), ...rest }
}
