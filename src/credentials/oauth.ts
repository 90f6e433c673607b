// Words of the authorization server that several folders know. Pure.

/** The ways in which a client comes to tokens. A refresh token comes with `code`. */
export const oauthGrantTypes = ['code', 'client_credentials'] as const
export type OauthGrantType = (typeof oauthGrantTypes)[number]

export const oauthClientStatuses = ['active', 'disabled'] as const
export type OauthClientStatus = (typeof oauthClientStatuses)[number]

/** How the secret of a client begins. */
export const clientSecretPrefix = 'lk_oac_'
