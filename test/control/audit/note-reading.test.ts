// Contract 8.1: that somebody read who belongs to whom, and where messages go, is in the audit.

import t from 'tap'
import { makePerson, sessionOf } from '../people/people.ts'
import { callerOf, createSubject, makeMerchant } from '../subject.ts'

void t.test(
  'reads of operators, members, invitations and webhooks are in the audit, by whom and of what',
  async (t) => {
    const subject = await createSubject(t)
    const merchant = await makeMerchant(subject)
    const made = await subject.call('POST', '/webhooks', { url: 'https://a.example/', merchant_id: merchant })
    const webhook = String(made.body['id'])
    const person = await makePerson(subject.db, { operator: 'admin', email: 'ann@x.test' })
    const { body: token } = await subject.call('POST', '/tokens', { name: 'eve', role: 'auditor' })
    const headers = { authorization: `Bearer ${String(token['secret'])}` }
    const eve = (path: string) => callerOf(subject.app)('GET', path, undefined, headers)
    const reads = [
      ['/operators', 'operator.list', 'operators'],
      [`/merchants/${merchant}/members`, 'member.list', merchant],
      [`/merchants/${merchant}/invitations`, 'invitation.list', merchant],
      ['/webhooks', 'webhook.list', 'webhooks'],
      [`/webhooks?merchant_id=${merchant}`, 'webhook.list', merchant],
      ['/webhooks?merchant_id=nonsense', 'webhook.list', 'webhooks'],
      [`/webhooks/${webhook}`, 'webhook.read', webhook],
      [`/webhooks/${webhook}/deliveries`, 'webhook.deliveries', webhook],
      ['/sessions?email=ann@x.test', 'session.list', person],
      ['/grants', 'grant.list', 'grants'],
      [`/grants?merchant_id=${merchant}`, 'grant.list', merchant],
      ['/clients', 'client.list', 'clients'],
    ] as const
    for (const [path] of reads) t.equal((await eve(path)).status, 200, path)
    const { body } = await subject.call('GET', '/audit?actor=eve&limit=50')
    const found = (
      body['data'] as { action: string; target: string; token_id: string; client: string }[]
    ).toReversed()
    t.same(
      found.map(({ action, target }) => [action, target]),
      [...new Map(reads.map(([, action, target]) => [`${action} ${target}`, [action, target]])).values()],
    )
    t.ok(found.every(({ token_id: id, client }) => id === token['id'] && client === '127.0.0.1'))
    t.same((await subject.call('GET', '/audit/verify')).body['faults'], [])
  },
)

void t.test(
  'whoever asks again and again is noted once in a while, and everybody by themselves',
  async (t) => {
    const subject = await createSubject(t)
    const merchant = await makeMerchant(subject)
    const personId = await makePerson(subject.db, { roles: { [merchant]: 'viewer' }, email: 'bo@x.test' })
    const headers = await sessionOf(subject, personId)
    const path = `/merchants/${merchant}/members`
    const readers = async () =>
      (
        await subject.db.query<{ actor: string }>(
          `SELECT actor FROM audit WHERE action = 'member.list' ORDER BY id`,
        )
      ).map(({ actor }) => actor)
    for (let times = 0; times < 5; times++) await subject.call('GET', path)
    t.equal((await subject.app.inject({ url: `/admin/v1${path}`, headers })).statusCode, 200)
    t.same(await readers(), ['ann', 'bo@x.test'])
    subject.clock.nowMs += 10 * 60_000
    await subject.call('GET', path)
    t.same(await readers(), ['ann', 'bo@x.test', 'ann'])
    // What is not there, or is not theirs, is no reading.
    t.equal((await subject.call('GET', '/merchants/mer_999999999999/members')).status, 404)
    t.equal((await readers()).length, 3)
  },
)

void t.test(
  'what somebody asks of another merchant, or of none, stands in nobody else’s audit',
  async (t) => {
    const subject = await createSubject(t)
    const [own, other] = [await makeMerchant(subject), await makeMerchant(subject)]
    const personId = await makePerson(subject.db, { roles: { [own]: 'admin' }, email: 'bo@x.test' })
    const headers = await sessionOf(subject, personId)
    const ask = async (path: string) =>
      (await subject.app.inject({ url: `/admin/v1${path}`, headers })).statusCode
    const lists = ['/webhooks', '/grants', '/clients']
    const noted = async () =>
      (
        await subject.db.query<{ target: string }>(
          `SELECT target FROM audit WHERE action IN ('webhook.list', 'grant.list', 'client.list') ORDER BY id`,
        )
      ).map(({ target }) => target)
    for (const list of lists)
      for (const merchant of [other, 'mer_888888888888', 'mer_999999999999'])
        t.equal(await ask(`${list}?merchant_id=${merchant}`), 200)
    t.same(await noted(), ['webhooks', 'grants', 'clients'], 'once for each list')
    t.equal(await ask(`/webhooks?merchant_id=${own}`), 200)
    t.same((await noted()).slice(3), [own], 'their own is noted as theirs')
    // Who sees all merchants notes nothing about one that is not there.
    for (const list of lists) await subject.call('GET', `${list}?merchant_id=mer_999999999999`)
    t.same((await noted()).slice(4), ['webhooks', 'grants', 'clients'])
  },
)
