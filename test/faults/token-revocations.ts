// Access tokens as what is revoked: each by one of the ways in which a token ends, in turn.

import { createPostgres, type Postgres } from '../../src/store/postgres.ts'
import { insertGrant } from '../../src/store/oauth/oauth-grant-table.ts'
import { issueToken } from '../support/access-token.ts'
import type { Teardown } from './child.ts'
import { demoWithToken } from './client.ts'
import { type Instance, keyOfDemo } from './cluster.ts'
import type { Credentials } from './revocations.ts'
import { end, insist, type WatchedKey, watchedKey } from './watch.ts'

const personId = 'usr_00000000000001'

/** Those that make them and end them: the client revokes it, an operator disables the client, or the grant is taken back. */
export async function tokenCredentials(
  t: Teardown,
  { postgresUrl, by }: { readonly postgresUrl: string; readonly by: Instance },
): Promise<Credentials> {
  const db = createPostgres({ url: postgresUrl, applicationName: 'test' })
  t.teardown(() => db.close())
  await addPerson(db)
  const ends = new Map<WatchedKey, Call>()
  let count = 0

  const ways: readonly ((home: Home) => Promise<Made>)[] = [
    async ({ shared }) => {
      const token = await askToken(by, shared)
      return { token, call: (instance) => revokeAt(instance, shared, token) }
    },
    async ({ merchant }) => {
      const client = await makeClient(by, merchant)
      const token = await askToken(by, client)
      return { token, call: ({ admin }) => admin.call('POST', `/clients/${client.id}/disable?wait=all`) }
    },
    async ({ merchant }) => {
      // What is taken back is all that a client has of a merchant by somebody.
      const { id: clientId } = await makeClient(by, merchant)
      const id = `grt_${String(++count).padStart(14, '0')}`
      const token = await grantToken(db, { id, clientId, merchantId: merchant })
      return { token, call: ({ admin }) => admin.call('DELETE', `/grants/${id}?wait=all`) }
    },
  ]

  async function makeOne(home: Home, index: number): Promise<WatchedKey> {
    const way = ways[index % ways.length]
    if (way === undefined) throw new Error('there are ways')
    const { token, call } = await way(home)
    const key = watchedKey(String(index), token)
    ends.set(key, call)
    return key
  }

  return {
    asked: demoWithToken,
    async make(_by, many) {
      // A merchant has 100 clients at most.
      const home = await makeHome(by, db)
      const made: WatchedKey[] = []
      while (made.length < many) {
        const some = Math.min(5, many - made.length)
        made.push(
          ...(await Promise.all(
            Array.from({ length: some }, (_, index) => makeOne(home, made.length + index)),
          )),
        )
      }
      return made
    },
    end: (key, instance) =>
      end(key, async () => {
        const call = ends.get(key)
        if (call === undefined) throw new Error('it was not made here')
        return call(instance)
      }),
  }
}

type Call = (instance: Instance) => ReturnType<Instance['admin']['call']>

interface Made {
  readonly token: string
  /** Ends it. */
  readonly call: Call
}

interface Home {
  readonly merchant: string
  readonly shared: Client
}

/** Somebody who grants what merchants have. */
async function addPerson(db: Postgres): Promise<void> {
  await db.query(
    `INSERT INTO person (id, email, kind, password, password_at, created_at, created_by)
     VALUES ($1, 'ada@people.test', 'member', 'none', now(), now(), 'ann')`,
    [personId],
  )
}

async function makeHome(by: Instance, db: Postgres): Promise<Home> {
  const merchant = await by.admin.makeMerchant()
  await db.query(`INSERT INTO membership VALUES ($1, $2, 'admin', now(), 'ann')`, [personId, merchant])
  return { merchant, shared: await makeClient(by, merchant) }
}

interface Client {
  readonly id: string
  readonly secret: string
}

async function makeClient({ admin }: Instance, merchant: string): Promise<Client> {
  const about = {
    ...{ name: 'Books', merchant_id: merchant, permissions: keyOfDemo.permissions },
    ...{ grants: ['code', 'client_credentials'], redirect_uris: ['https://books.example/back'] },
  }
  const { status, body } = await insist(() => admin.call('POST', '/clients', about))
  if (status !== 201) throw new Error(`client: ${status} ${JSON.stringify(body)}`)
  return { id: String(body['client_id']), secret: String(body['client_secret']) }
}

async function askToken(instance: Instance, client: Client): Promise<string> {
  const { status, body } = await insist(() =>
    post(instance, { path: '/token', client, form: { grant_type: 'client_credentials' } }),
  )
  if (status !== 200) throw new Error(`token: ${status} ${JSON.stringify(body)}`)
  return String(body['access_token'])
}

/** 200 is said once all instances have applied it. */
async function revokeAt(instance: Instance, client: Client, token: string) {
  const { status, body } = await post(instance, { path: '/revocation', client, form: { token } })
  return { status, body: { ...body, pending: [] } }
}

interface Form {
  readonly path: string
  readonly client: Client
  readonly form: Readonly<Record<string, string>>
}

async function post({ controlPort }: Instance, { path, client, form }: Form) {
  const response = await fetch(`http://127.0.0.1:${controlPort}/oauth${path}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
      connection: 'close',
    },
    body: new URLSearchParams(form),
  })
  const text = await response.text()
  const body: unknown = text === '' ? {} : JSON.parse(text)
  return { status: response.status, body: { ...Object(body) } as Record<string, unknown> }
}

/** As the authorization server writes both when somebody has granted it. */
async function grantToken(
  db: Postgres,
  of: { readonly id: string; readonly clientId: string; readonly merchantId: string },
): Promise<string> {
  const { permissions } = keyOfDemo
  return db.transaction(async (tx) => {
    await insertGrant(tx, { ...of, personId, permissions, lifetimeSeconds: 7_200 })
    const { text } = await issueToken(tx, of.merchantId, {
      ...{ clientId: of.clientId, userId: personId, grantId: of.id, permissions },
      ...{ prefix: 'live_', api: 'demo', lifetimeMs: 7_200_000 },
    })
    return text
  })
}
