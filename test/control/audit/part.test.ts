// Contract 8.1: whoever sees a part of the installation finds in its audit what became of all that belongs to that part.

import t from 'tap'
import { makePerson, sessionOf } from '../people/people.ts'
import { type Answer, createSubject, makeMerchant, type Subject, token } from '../subject.ts'
import { insertGrant } from '../../../src/store/oauth/oauth-grant-table.ts'

type Headers = Readonly<Record<string, string>>

async function tokenFor({ call }: Subject, reach: object): Promise<Headers> {
  const { body } = await call('POST', '/tokens', { name: 'part', role: 'admin', ...reach })
  return { authorization: `Bearer ${String(body['secret'])}` }
}

async function actionsOf({ app }: Subject, headers: Headers): Promise<string[]> {
  const answer = await app.inject({ url: '/admin/v1/audit?limit=200', headers })
  const rows = answer.json<{ data: { action: string }[] }>().data
  return rows.map(({ action }) => action).filter((action) => /^(client|grant|webhook)\./.test(action))
}

function idOf({ status, text, body }: Answer): string {
  if (status !== 201) throw new Error(text)
  return String(body['client_id'] ?? body['id'])
}

/** A client, a grant and a webhook, changed in each way; the newest first. */
async function change(subject: Subject, merchant: string): Promise<readonly string[]> {
  const { call, db } = subject
  const about = { name: 'Books', merchant_id: merchant, api: 'flintn', permissions: ['*'] }
  const client = idOf(await call('POST', '/clients', { ...about, grants: ['client_credentials'] }))
  await call('PATCH', `/clients/${client}`, { name: 'Ledger' })
  await call('POST', `/clients/${client}/rotate-secret`, { grace_seconds: 0 })
  await call('GET', `/clients/${client}`)
  const personId = await makePerson(db, { roles: { [merchant]: 'viewer' } })
  const grant = `grt_${merchant.slice(4)}`
  await insertGrant(db, {
    ...{ id: grant, clientId: client, personId, merchantId: merchant },
    ...{ permissions: ['transaction.read'], lifetimeSeconds: 60 },
  })
  await call('DELETE', `/grants/${grant}`)
  await call('POST', `/clients/${client}/disable`)
  const webhook = await call('POST', '/webhooks', { url: 'https://a.example/', merchant_id: merchant })
  await call('POST', `/webhooks/${idOf(webhook)}/test`)
  await call('DELETE', `/webhooks/${idOf(webhook)}`)
  await db.query('DELETE FROM oauth_grant')
  return [
    ...['webhook.delete', 'webhook.test', 'webhook.create', 'client.disable', 'grant.end'],
    ...['client.rotate_secret', 'client.update', 'client.create'],
  ]
}

void t.test(
  'changes of its OAuth clients, grants and webhooks are in the audit that a merchant sees, and in no other’s',
  async (t) => {
    const subject = await createSubject(t)
    const [own, foreign] = [await makeMerchant(subject), await makeMerchant(subject)]
    const changes = await change(subject, own)
    const admin = await sessionOf(subject, await makePerson(subject.db, { roles: { [own]: 'admin' } }))
    t.same(await actionsOf(subject, admin), changes)
    t.same(await actionsOf(subject, await tokenFor(subject, { merchant_id: own })), changes)
    const stranger = await sessionOf(subject, await makePerson(subject.db, { roles: { [foreign]: 'admin' } }))
    t.same(await actionsOf(subject, stranger), [])
    t.same(await actionsOf(subject, await tokenFor(subject, { merchant_id: foreign })), [])
  },
)

void t.test('who sees an API finds its clients and grants, and the webhooks of it alone', async (t) => {
  const subject = await createSubject(t)
  const changes = await change(subject, await makeMerchant(subject))
  const ofApi = changes.filter((action) => !action.startsWith('webhook.'))
  t.same(await actionsOf(subject, await tokenFor(subject, { api: 'flintn' })), ofApi)
  t.same(await actionsOf(subject, await tokenFor(subject, { api: 'flint' })), [])
})

void t.test(
  'a client of all merchants is the platform’s; what a merchant granted it is the merchant’s',
  async (t) => {
    const subject = await createSubject(t)
    const { call, db } = subject
    const own = await makeMerchant(subject)
    const about = { name: 'Books', merchant_id: null, api: 'flintn', permissions: ['*'] }
    const client = idOf(
      await call('POST', '/clients', { ...about, grants: ['code'], redirect_uris: ['https://a.example/'] }),
    )
    const personId = await makePerson(db, { roles: { [own]: 'admin' } })
    await insertGrant(db, {
      ...{ id: 'grt_000000000001', clientId: client, personId, merchantId: own },
      ...{ permissions: ['transaction.read'], lifetimeSeconds: 60 },
    })
    await call('DELETE', '/grants/grt_000000000001')
    t.same(await actionsOf(subject, await sessionOf(subject, personId)), ['grant.end'])
    t.match(await actionsOf(subject, { authorization: `Bearer ${token}` }), ['grant.end', 'client.create'])
  },
)
