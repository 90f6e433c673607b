// The schema of what is known of secret scanners: whose reports of exposed keys are believed, and what becomes of the keys.

import { type Static, Type } from 'typebox'
import { closed, Text } from './schema-fields.ts'

/** What becomes of a key whose secret is reported to stand in public. */
export const exposurePolicies = ['notify', 'disable', 'revoke'] as const
export type ExposurePolicy = (typeof exposurePolicies)[number]

/** `exposed` of an environment. */
export const Exposed = Type.Enum([...exposurePolicies], {
  default: 'notify',
  expects: '`notify`, `disable` or `revoke`',
  description:
    'What becomes of a key that is reported to stand in public (`POST /admin/v1/keys/exposed`): `notify`: it is told, in the audit and to webhooks, and the key goes on; `disable`: refused until it is enabled again; `revoke`: for ever.',
})

const PublicKey = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,128}$',
      expects: 'a `key_identifier`: letters, digits, `.`, `_`, `-`',
      examples: ['f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d'],
      description: 'Its `key_identifier`.',
    }),
    key: Text('The public key, in PEM, of the curve P-256.', { example: '-----BEGIN PUBLIC KEY-----…' }),
  },
  closed,
)

/** `control.secret_scanning` in gateway.yaml. */
export const ScanningSection = Type.Object(
  {
    github: Type.Array(PublicKey, {
      default: [],
      description:
        'Public keys of GitHub’s secret scanning (https://api.github.com/meta/public_keys/secret_scanning): reports that are signed by one of them need no token, and may come from any address.',
    }),
  },
  {
    ...closed,
    default: {},
    description: 'Scanners whose signed reports of exposed keys are believed. None by default.',
  },
)

export type ScanningKeys = Static<typeof ScanningSection>['github']
