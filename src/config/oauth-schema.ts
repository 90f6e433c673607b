// `oauth` of an API: access tokens beside its keys (src/oauth/).

import { type Static, Type } from 'typebox'
import { closed } from './schema-fields.ts'
import { parseDuration } from './units.ts'

export const oauthProfiles = ['baseline', 'fapi2'] as const
export type OauthProfile = (typeof oauthProfiles)[number]

/** No timer waits for it: unlike other durations it may be longer than 25 days. */
const Lifetime = (options: { description: string; default: string }) =>
  Type.String({
    pattern: '^0*[1-9][0-9]{0,3}(s|m|h|d)$',
    expects: 'a duration such as 90s, 15m, 12h or 30d: a whole number of at most four digits',
    ...options,
  })

export const OauthSection = Type.Object(
  {
    access_token: Lifetime({ default: '15m', description: 'How long an access token works.' }),
    refresh_token: Lifetime({
      default: '30d',
      description:
        'How long a refresh token works. Each use gives another one, and the time begins again with it.',
    }),
    profile: Type.Enum([...oauthProfiles], {
      default: 'baseline',
      expects: '`baseline` or `fapi2`',
      description:
        '`fapi2`: the FAPI 2.0 Security Profile. Requests are pushed, tokens are bound to a key of the client (DPoP), and clients authenticate by `private_key_jwt` alone.',
    }),
  },
  {
    ...closed,
    description:
      'OAuth 2.0: access tokens that clients get at `control.public_url` + `/oauth`, with the permissions of this API as scopes. Needs `hub`. Left out: the API takes no tokens.',
  },
)

export interface OauthSettings {
  readonly accessTokenMs: number
  readonly refreshTokenMs: number
  readonly profile: OauthProfile
}

/** null: the API takes no tokens. */
export function compileOauth(oauth: Static<typeof OauthSection> | undefined): OauthSettings | null {
  if (oauth === undefined) return null
  return {
    accessTokenMs: parseDuration(oauth.access_token),
    refreshTokenMs: parseDuration(oauth.refresh_token),
    profile: oauth.profile,
  }
}
