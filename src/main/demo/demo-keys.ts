// The demo's merchant and keys, made as an operator would make them: over the admin API. What a start before has made is
// gone on with: each key gets a new secret, as the one before is known to nobody any more.

import { readFileSync, writeFileSync } from 'node:fs'

export interface DemoKey {
  readonly id: string
  readonly secret: string
}

const live = { api: 'flintn', environment: 'live' } as const

/** What each key is for. */
const wanted = {
  reader: { ...live, name: 'Reporting', permissions: ['transaction.read', 'transaction.search'] },
  refunder: { ...live, name: 'Back office', permissions: ['transaction.read', 'transaction.refund'] },
  sandbox: {
    api: 'flintn',
    environment: 'sandbox',
    name: 'Integration tests',
    permissions: ['transaction.read', 'transaction.refund'],
  },
  documents: { api: 'flint', environment: 'live', name: 'Documents', permissions: ['*'] },
} as const satisfies Record<string, WantedKey>

const revoked: WantedKey = { ...live, name: 'Old server', permissions: ['transaction.read'] }

const merchantName = 'Demo merchant'

interface WantedKey {
  readonly api: string
  readonly environment: string
  readonly name: string
  readonly permissions: readonly string[]
}

export type DemoKeys = Readonly<Record<keyof typeof wanted | 'revoked', DemoKey>>

export interface DemoKeysOptions {
  readonly adminUrl: string
  readonly token: string
  /** Where a revoked key's secret is kept, which no rotation can bring back. It opens nothing. */
  readonly revokedFile: string
}

type Call = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Record<string, unknown>>

/** Makes or finds a merchant and a key of every kind; throws with the API's words when that fails. */
export async function makeDemoKeys(
  options: DemoKeysOptions,
): Promise<DemoKeys & { readonly merchantId: string }> {
  const call = callerOf(options)
  const merchantId = await findMerchant(call)
  const known = rowsOf(await call('GET', `/keys?merchant_id=${merchantId}&status=active&limit=200`))
  const key = (of: WantedKey) => {
    const found = known.find((row) => isAs(row, of))
    return found === undefined ? create(call, merchantId, of) : rotate(call, String(found['id']))
  }
  const [reader, refunder, sandbox, documents, ended] = await Promise.all([
    key(wanted.reader),
    key(wanted.refunder),
    key(wanted.sandbox),
    key(wanted.documents),
    revokedKey(call, merchantId, options.revokedFile),
  ])
  return { reader, refunder, sandbox, documents, revoked: ended, merchantId }
}

async function findMerchant(call: Call): Promise<string> {
  const rows = rowsOf(await call('GET', '/merchants?limit=200'))
  const found = rows.find(({ name, status }) => name === merchantName && status === 'active')
  return String((found ?? (await call('POST', '/merchants', { name: merchantName })))['id'])
}

/** Whether it still does what its line says. */
function isAs(row: Record<string, unknown>, of: WantedKey): boolean {
  const { name, api, environment, permissions, expires_at: expiresAt } = row
  return (
    expiresAt === null &&
    [name, api, environment].join('\n') === [of.name, of.api, of.environment].join('\n') &&
    JSON.stringify(permissions) === JSON.stringify(of.permissions)
  )
}

async function create(call: Call, merchantId: string, of: WantedKey): Promise<DemoKey> {
  return keyOf(await call('POST', '/keys?wait=all', { merchant_id: merchantId, ...of }))
}

/** Without a grace: the secrets of earlier starts stop working. */
async function rotate(call: Call, id: string): Promise<DemoKey> {
  return keyOf(await call('POST', `/keys/${id}/rotate?wait=all`, { grace_seconds: 0 }))
}

async function revokedKey(call: Call, merchantId: string, file: string): Promise<DemoKey> {
  const kept = readKey(file)
  if (kept !== undefined) {
    const found = rowsOf(await call('GET', `/keys?merchant_id=${merchantId}&status=revoked&limit=200`))
    if (found.some(({ id }) => id === kept.id)) return kept
  }
  const made = await create(call, merchantId, revoked)
  await call('POST', `/keys/${made.id}/revoke?wait=all`)
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 })
  return made
}

function readKey(file: string): DemoKey | undefined {
  try {
    const { id, secret }: { id?: unknown; secret?: unknown } = Object(JSON.parse(readFileSync(file, 'utf8')))
    return typeof id === 'string' && typeof secret === 'string' ? { id, secret } : undefined
  } catch {
    return undefined
  }
}

function keyOf(answer: Record<string, unknown>): DemoKey {
  return { id: String(answer['id']), secret: String(answer['secret']) }
}

function rowsOf({ data }: Record<string, unknown>): readonly Record<string, unknown>[] {
  return Array.isArray(data) ? data.map((row: unknown) => ({ ...Object(row) })) : []
}

function callerOf({ adminUrl, token }: DemoKeysOptions): Call {
  return async (method, path, body) => {
    const response = await fetch(`${adminUrl}/admin/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }),
    })
    const answer: unknown = await response.json()
    if (!response.ok)
      throw new Error(
        `The admin API answered ${response.status} to ${method} ${path}: ${JSON.stringify(answer)}`,
      )
    return { ...Object(answer) }
  }
}
