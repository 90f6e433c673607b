// The demo's operator and member, made as anybody would make them: over the admin API and the links that it gives. What a start
// before has made is gone on with, with new passwords, as the ones before are known to nobody any more.

import { randomBytes } from 'node:crypto'

export interface DemoPerson {
  readonly email: string
  readonly password: string
}

export interface DemoPeople {
  readonly operator: DemoPerson
  readonly member: DemoPerson
}

export interface DemoPeopleOptions {
  readonly adminUrl: string
  readonly token: string
  readonly merchantId: string
}

const emails = { operator: 'operator@demo.example', member: 'member@demo.example' } as const

/** Throws with the API's words. */
export async function makeDemoPeople(options: DemoPeopleOptions): Promise<DemoPeople> {
  const [operator, member] = await Promise.all([makeOperator(options), makeMember(options)])
  return { operator, member }
}

async function makeOperator(options: DemoPeopleOptions): Promise<DemoPerson> {
  const email = emails.operator
  const found = idIn(await call(options, `GET /admin/v1/operators?email=${email}`), email)
  if (found === undefined)
    return withLink(options, email, await call(options, 'POST /admin/v1/operators', { email }))
  await call(options, `POST /admin/v1/operators/${found}/enable`)
  return withLink(options, email, await call(options, `POST /admin/v1/operators/${found}/link`))
}

async function makeMember(options: DemoPeopleOptions): Promise<DemoPerson> {
  const email = emails.member
  const merchant = `/admin/v1/merchants/${options.merchantId}`
  const found = idIn(await call(options, `GET ${merchant}/members`), email)
  if (found === undefined) {
    const made = await call(options, `POST ${merchant}/invitations`, { email, role: 'admin' })
    return withLink(options, email, made)
  }
  await call(options, `POST /admin/v1/members/${found}/enable`)
  return withLink(options, email, await call(options, `POST /admin/v1/members/${found}/link`))
}

/** Uses a link as its person would. */
async function withLink(
  options: DemoPeopleOptions,
  email: string,
  answer: Record<string, unknown>,
): Promise<DemoPerson> {
  const { url }: { url?: unknown } = Object(answer['link'])
  const { pathname, hash } = new URL(String(url))
  const password = randomBytes(15).toString('base64url')
  const path = pathname === '/invitation' ? 'invitations/accept' : 'password'
  await call(options, `POST /hub/v1/${path}`, { token: hash.slice(1), password })
  return { email, password }
}

function idIn({ data }: Record<string, unknown>, email: string): string | undefined {
  const rows: readonly unknown[] = Array.isArray(data) ? data : []
  const found = rows
    .map((row) => ({ ...Object(row) }))
    .find((row: { email?: unknown }) => row.email === email)
  return typeof found?.id === 'string' ? found.id : undefined
}

async function call(
  { adminUrl, token }: DemoPeopleOptions,
  what: string,
  body: object = {},
): Promise<Record<string, unknown>> {
  const [method = '', path = ''] = what.split(' ')
  const response = await fetch(`${adminUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw new Error(`${what} was answered ${response.status}: ${JSON.stringify(answer)}`)
  return { ...Object(answer) }
}
