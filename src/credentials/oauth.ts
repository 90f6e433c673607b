// Words of the authorization server that several folders know. Pure.

/** The ways in which a client comes to tokens. A refresh token comes with `code` and `device_code`. */
export const oauthGrantTypes = ['code', 'client_credentials', 'device_code'] as const
export type OauthGrantType = (typeof oauthGrantTypes)[number]

export const oauthClientStatuses = ['active', 'disabled'] as const
export type OauthClientStatus = (typeof oauthClientStatuses)[number]

/** How the secret of a client begins. */
export const clientSecretPrefix = 'lk_oac_'
