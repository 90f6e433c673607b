// Where the documents of docs/compatibility.md come from, each at one version. Their texts are others': they are got when they
// are wanted, and never become part of this repository.

export interface Source {
  /** As the table calls it. */
  readonly api: string
  readonly from: From
  /** Paths in it. */
  readonly files: RegExp
}

export type From =
  | { readonly kind: 'git'; readonly repository: string; readonly commit: string; readonly date: string }
  | { readonly kind: 'npm'; readonly name: string; readonly version: string }
  | { readonly kind: 'go'; readonly name: string; readonly version: string }

function github(repository: string, commit: string, date: string): From {
  return { kind: 'git', repository, commit, date }
}

export const sources: readonly Source[] = [
  {
    api: 'Berlin Group NextGenPSD2 1.3.11, confirmation of funds 2.0',
    from: github('adorsys/xs2a', '7ce8fe270c0e540ee4b2a4f15167e66401c69516', '2024-02-22'),
    files: /^xs2a-impl\/src\/main\/resources\/static\/psd2-.*\.yaml$/,
  },
  {
    api: 'Circle',
    from: github('circlefin/openapi', 'ab02539db0c40b4802f8ac56ef5c62154cb62048', '2025-01-09'),
    files: /^openapi\/json\/circle-apis\.json$/,
  },
  {
    api: 'Dwolla',
    from: github('Dwolla/dwolla-openapi', 'd4901e43af48d302fc8ff611d15f9510e06841cf', '2026-01-23'),
    files: /^gram\/openapi\.yml$/,
  },
  {
    api: 'GitHub',
    from: { kind: 'npm', name: '@octokit/openapi', version: '23.0.2' },
    files: /^generated\/api\.github\.com\.json$/,
  },
  {
    api: 'Lithic',
    from: github('lithic-com/lithic-openapi', '225e0708c9248e9b5051b98ad6f8a6cdc0b1eff0', '2026-08-20'),
    files: /^lithic-openapi\.yml$/,
  },
  {
    api: 'Modern Treasury',
    from: github(
      'Modern-Treasury/modern-treasury-openapi',
      'fce4ea0ecf7a5393d1187c975f080c409a1a100e',
      '2026-08-22',
    ),
    files: /^openapi\/mt_openapi_spec_v1\.yaml$/,
  },
  {
    api: 'Mollie',
    from: github('mollie/openapi', 'cfbba47b874b90ea54dc5e2643d163b8bc527902', '2026-08-21'),
    files: /^specs\.yaml$/,
  },
  {
    api: 'Open Banking UK',
    from: github(
      'OpenBankingUK/read-write-api-specs',
      '28811990e053ba2a308812131d67001803382414',
      '2025-04-07',
    ),
    files: /^dist\/openapi\/.*\.json$/,
  },
  {
    api: 'PayPal',
    from: github(
      'paypal/paypal-rest-api-specifications',
      'ec4d8f36a6ab0abcc3865e1072aaddc85ea14d5c',
      '2024-02-03',
    ),
    files: /^openapi\/.*\.json$/,
  },
  {
    api: 'Plaid',
    from: github('plaid/plaid-openapi', '26f1a0588c12e765e99c815300d94eae0a3c7dc1', '2026-06-10'),
    files: /^2020-09-14\.yml$/,
  },
  {
    api: 'Square (Swagger 2.0)',
    from: github(
      'square/connect-api-specification',
      '5733f6624e9a5b930a8426f0e02a6bf7e35c6c0f',
      '2025-08-19',
    ),
    files: /^api\.json$/,
  },
  {
    api: 'Stripe',
    from: { kind: 'go', name: 'github.com/stripe/stripe-mock', version: 'v0.203.0' },
    files: /^embedded\/openapi\/spec3\.json$/,
  },
  {
    api: 'Twilio',
    from: github('twilio/twilio-oai', 'd50069b44ea8cd23141385bdb6db48f16ff75bb5', '2026-04-14'),
    files: /^spec\/json\/.*\.json$/,
  },
  {
    api: 'Xero',
    from: github('XeroAPI/Xero-OpenAPI', 'e952d0bda3628facbf7afc5990ad6a0e7e77bd1e', '2026-07-13'),
    files: /^xero[^/]*\.yaml$/,
  },
]

/** A source as the table names it. */
export function sourceText(from: From): string {
  if (from.kind === 'git') return `github.com/${from.repository}, ${from.commit.slice(0, 7)}, ${from.date}`
  return from.kind === 'npm'
    ? `npm \`${from.name}\` ${from.version}`
    : `Go module \`${from.name}\` ${from.version}`
}
