// Words of the authorization server that several folders know. Pure.

/** The ways in which a client comes to tokens. A refresh token comes with `code` and `device_code`. */
export const oauthGrantTypes = ['code', 'client_credentials', 'device_code'] as const
export type OauthGrantType = (typeof oauthGrantTypes)[number]

export const oauthClientStatuses = ['active', 'disabled'] as const
export type OauthClientStatus = (typeof oauthClientStatuses)[number]

/** How a client shows who it is. */
export const clientAuthMethods = [
  'client_secret',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
] as const
export type ClientAuthMethod = (typeof clientAuthMethods)[number]

/** How the secret of a client begins. */
export const clientSecretPrefix = 'lk_oac_'
