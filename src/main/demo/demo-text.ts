// Everything that the demo prints before `ready` (contract 2).

import type { DemoKeys } from './demo-keys.ts'
import type { DemoPeople } from './demo-people.ts'

export interface DemoPlaces {
  /** null: there is no hub to sign in to. */
  readonly people: DemoPeople | null
  readonly gatewayPort: number
  readonly controlPort: number
  readonly logFile: string
  /** The table that decides about the payments API. */
  readonly tableFile: string
  /** Folders with all that it has made; none where the database is another's. */
  readonly data: readonly string[]
  readonly adminToken: string
  /** How the command line is called here. */
  readonly command: string
}

/** The port where the command line looks without being told. */
const usualControlPort = 8081

export function demoText(keys: DemoKeys, at: DemoPlaces): string {
  const base = `http://127.0.0.1:${at.gatewayPort}`
  const control = `http://127.0.0.1:${at.controlPort}`
  const isElsewhere = at.controlPort !== usualControlPort
  return [
    '',
    `gateway        ${base}`,
    `control plane  ${control}   (/readyz, /metrics, /admin/v1)`,
    `log            ${at.logFile}`,
    ...dataLines(at.data),
    '',
    ...curlLines(keys, base).map(([title, command]) => `# ${title}\n${command}\n`),
    '# The command line, in another terminal',
    `export LATCHKEY_ADMIN_TOKEN=${at.adminToken}${isElsewhere ? ` LATCHKEY_ADMIN_URL=${control}` : ''}`,
    `${at.command} keys list`,
    `${at.command} keys revoke ${keys.reader.id} --reason 'trying it out'`,
    '',
    `table          ${at.tableFile}`,
    '               edit it: in force within a second, or told here why not',
    ...hubLines(at),
    '',
    'What the upstream sees of each request is printed below. Ctrl-C stops everything.',
  ].join('\n')
}

/** In one line, its columns two spaces apart (contract 9). */
function hubLines({ people, controlPort }: DemoPlaces): readonly string[] {
  if (people === null) return []
  const columns = Object.entries(people).map(
    ([kind, { email, password }]) => `${kind} ${email} password ${password}`,
  )
  return [['hub', `http://localhost:${controlPort}`, ...columns].join('  ')]
}

function dataLines(folders: readonly string[]): readonly string[] {
  if (folders.length === 0) return []
  const quoted = folders.map((folder) =>
    /^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`,
  )
  return [
    `data           ${folders.join(' and ')}`,
    `               kept for the next start; \`rm -r ${quoted.join(' ')}\` removes it, --fresh begins anew`,
  ]
}

function curlLines(keys: DemoKeys, base: string): readonly (readonly [title: string, command: string])[] {
  const payments = `-H 'Host: api.flintn.com'`
  const transaction = `${base}/v1/transactions/txn_1001`
  const withKey = (secret: string) => `-H 'X-Api-Key: ${secret}'`
  return [
    ['200  a key that may read', `curl -i ${payments} ${withKey(keys.reader.secret)} ${transaction}`],
    ['200  no key needed', `curl -i ${payments} ${base}/v1/status`],
    ['401  no key', `curl -i ${payments} ${transaction}`],
    ['401  a revoked key', `curl -i ${payments} ${withKey(keys.revoked.secret)} ${transaction}`],
    [
      '403  reading is not refunding',
      `curl -i -X POST ${payments} ${withKey(keys.reader.secret)} ${transaction}/refund`,
    ],
    [
      'a key that may refund',
      `curl -i -X POST ${payments} ${withKey(keys.refunder.secret)} -H 'Content-Type: application/json' -d '{"amount":500}' ${transaction}/refund`,
    ],
    [
      '200  sandbox ("livemode": false)',
      `curl -i -H 'Host: sandbox.api.flintn.com' ${withKey(keys.sandbox.secret)} ${transaction}`,
    ],
    [
      '401  a sandbox key on the live host',
      `curl -i ${payments} ${withKey(keys.sandbox.secret)} ${transaction}`,
    ],
    [
      '200  the other API, with a bearer key',
      `curl -i -H 'Host: api.flint.com' -H 'Authorization: Bearer ${keys.documents.secret}' ${base}/documents`,
    ],
  ]
}
