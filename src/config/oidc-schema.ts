// `hub.oidc` of gateway.yaml: identity providers by which people sign in.

import { Type } from 'typebox'
import { tokenRoles } from '../credentials/role.ts'
import { closed, Text } from './schema-fields.ts'

const Operators = Type.Object(
  {
    claim: Text('Name of the claim.', { example: 'groups' }),
    value: Text('What it is, or has among its values, for an operator.', { example: 'latchkey-operators' }),
    role: Type.Enum([...tokenRoles], {
      default: 'read_only',
      expects: `one of ${tokenRoles.join(', ')}`,
      description: 'Of an operator who signs in for the first time and has no account yet.',
    }),
  },
  {
    ...closed,
    description:
      'Which of the provider’s people are operators. Who has the claim and no account gets one. Left out: operators do not sign in by this provider.',
  },
)

export const Oidc = Type.Array(
  Type.Object(
    {
      name: Text('What people read on the button.', { example: 'Okta' }),
      issuer: Type.String({
        expects: 'an https:// URL',
        examples: ['https://example.okta.com'],
        description: 'Where its /.well-known/openid-configuration is found below.',
      }),
      client_id: Text('What we are called there.', { example: '0oa1b2c3d4' }),
      client_secret: Text('What we show there to be who we are.', { example: '${OIDC_CLIENT_SECRET}' }),
      operators: Type.Optional(Operators),
    },
    closed,
  ),
  {
    default: [],
    description:
      'OpenID Connect: identity providers by which people sign in beside a password. Its redirect URI is `<public_url>/hub/v1/oidc/callback`. Members are found by an e-mail address that the provider has verified, and need an account.',
  },
)
