// `oauth` of an API in gateway.yaml: that it takes access tokens of the authorization server, and how long they and what
// renews them live.

import { type Static, Type } from 'typebox'
import { closed } from './schema-fields.ts'
import { parseDuration } from './units.ts'

/** How much is asked of clients: `fapi2` is the FAPI 2.0 Security Profile. */
export const oauthProfiles = ['baseline', 'fapi2'] as const
export type OAuthProfile = (typeof oauthProfiles)[number]

/** Below the public URL, before the name of an API (RFC 9728). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource'

/** No token lives longer: what ended one is forgotten a little after (store/oauth/access-token-table.ts). */
export const longestAccessTokenMs = 24 * 60 * 60_000

export const OAuthSection = Type.Object(
  {
    access_token: Type.String({
      pattern:
        '^([1-9][0-9]{1,3}s|([1-9][0-9]{0,2}|1[0-3][0-9]{2}|14[0-3][0-9]|1440)m|([1-9]|1[0-9]|2[0-4])h|1d)$',
      default: '15m',
      expects: 'a duration such as 5m, 15m or 1h, from 10s to 24h',
      description: 'How long an access token works, at most 24h. What ends it sooner is in force at once.',
    }),
    refresh_token: Type.String({
      pattern: '^([1-9][0-9]{0,4}m|[1-9][0-9]{0,3}h|[1-9][0-9]{0,2}d)$',
      default: '30d',
      expects: 'a duration such as 12h, 30d or 365d, in minutes, hours or days',
      description: 'How long a refresh token works that is not used; each use gives another one.',
    }),
    profile: Type.Enum([...oauthProfiles], {
      default: 'baseline',
      expects: '`baseline` or `fapi2`',
      description:
        'What is asked of clients. `fapi2`: the FAPI 2.0 Security Profile: pushed authorization requests, clients that sign or show a certificate, and tokens bound to a key (DPoP) or certificate alone.',
    }),
  },
  {
    ...closed,
    description:
      'Takes access tokens of the authorization server, as `Authorization: Bearer` or `DPoP`, beside keys. Left out: the API takes no tokens.',
  },
)

/** Durations in milliseconds. */
export interface OAuthSettings {
  readonly accessTokenMs: number
  readonly refreshTokenMs: number
  readonly profile: OAuthProfile
}

/** null: the API takes no tokens. */
export function compileOAuth(section: Static<typeof OAuthSection> | undefined): OAuthSettings | null {
  if (section === undefined) return null
  return {
    accessTokenMs: parseDuration(section.access_token),
    refreshTokenMs: parseDuration(section.refresh_token),
    profile: section.profile,
  }
}
