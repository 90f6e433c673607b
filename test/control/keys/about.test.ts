// What is said of a key beside what decides: metadata, owner, created_by.

import t from 'tap'
import { generateSecret, Secret } from '../../../src/credentials/secret.ts'
import { createSubject, keyBody, makeKey, makeMerchant, type Subject } from '../subject.ts'

const metadata = { team: 'payments', 'cost.centre': '4711', ticket_url: 'https://tickets.example/1' }

async function entries(subject: Subject, id: string) {
  const { body } = await subject.call('GET', `/audit?target=${id}`)
  return body['data'] as readonly Record<string, Record<string, unknown> | null>[]
}

void t.test('a key says who made it, who answers for it, and what its people have written', async (t) => {
  const subject = await createSubject(t)
  const body = keyBody(await makeMerchant(subject), { metadata, owner: ' Ann, Payments ' })
  const { body: made, status } = await subject.call('POST', '/keys', body)
  const said = { metadata, owner: 'Ann, Payments', created_by: 'ann', exposed_at: null }
  t.match({ status, made }, { status: 201, made: said })
  const id = String(made['id'])
  t.match((await subject.call('GET', `/keys/${id}`)).body, said)
  t.match((await subject.call('GET', '/keys')).body['data'], [said])
  const [entry] = await entries(subject, id)
  t.match(entry?.['after'], { metadata, owner: 'Ann, Payments' })
})

void t.test('a key that says nothing has no pairs and nobody', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const said = { metadata: {}, owner: null, created_by: 'ann' }
  t.match((await subject.call('GET', `/keys/${id}`)).body, said)
})

void t.test('a key from before there was a place for it has none, and gets what is said later', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  await subject.db.query('DELETE FROM key_about')
  const of = async () => (await subject.call('GET', `/keys/${id}`)).body
  t.match(await of(), { metadata: {}, owner: null, created_by: null })
  await subject.call('PATCH', `/keys/${id}`, { owner: 'Ann' })
  t.match(await of(), { metadata: {}, owner: 'Ann', created_by: null })
})

void t.test('a change names all pairs; what it does not name stays', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject, { metadata, owner: 'Ann' })
  const patch = async (body: object) => (await subject.call('PATCH', `/keys/${id}`, body)).body
  t.match(await patch({ name: 'Till' }), { metadata, owner: 'Ann', revision: 3 })
  const { metadata: left } = await patch({ metadata: { team: 'refunds' } })
  t.same(left, { team: 'refunds' })
  t.match(await patch({ owner: null }), { owner: null, revision: 5 })
  const { metadata: none } = await patch({ metadata: {} })
  t.same(none, {})
  // In another order it is the same: nothing changes, and nothing is spread.
  t.match(await patch({ metadata: { a: '1', b: '2' } }), { revision: 7 })
  t.match(await patch({ metadata: { b: '2', a: '1' } }), { revision: 7 })
  const [last] = await entries(subject, id)
  t.match(last, { before: { metadata: {} }, after: { metadata: { a: '1', b: '2' } } })
})

void t.test('rotation and its like leave alone what is said of a key', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject, { metadata, owner: 'Ann' })
  for (const action of ['rotate', 'rotation/end', 'disable', 'enable', 'revoke']) {
    const { body } = await subject.call('POST', `/keys/${id}/${action}`)
    t.match(body, { metadata, owner: 'Ann', created_by: 'ann' }, action)
  }
})

void t.test(
  'a repeat of what an earlier version has made is answered, without what it did not know',
  async (t) => {
    const subject = await createSubject(t)
    const body = keyBody(await makeMerchant(subject), { metadata })
    const headers = { 'idempotency-key': 'one' }
    const made = await subject.call('POST', '/keys', body, headers)
    await subject.db.query(
      `UPDATE idempotency SET object = object - 'metadata' - 'owner' - 'createdBy' - 'exposedAtMs' - 'brakes'`,
    )
    const again = await subject.call('POST', '/keys', body, headers)
    t.match(again, { status: 201, headers: { 'idempotency-replayed': 'true' } })
    const { id, secret, ...none } = again.body
    t.equal(id, made.body['id'])
    t.equal(secret, null)
    t.match(none, { metadata: {}, owner: null, created_by: null, exposed_at: null, brakes: [] })
  },
)

void t.test('what is no pair, or too much, is refused by its place', async (t) => {
  const subject = await createSubject(t)
  const merchant = await makeMerchant(subject)
  const sixteen = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`p${index}`, 'x']))
  const cases: readonly (readonly [object, string])[] = [
    [{ metadata: { ...sixteen, more: 'x' } }, '/metadata'],
    [{ metadata: { '1st': 'x' } }, '/metadata/1st'],
    [{ metadata: { ['n'.repeat(41)]: 'x' } }, `/metadata/${'n'.repeat(41)}`],
    [{ metadata: { a: '' } }, '/metadata/a'],
    [{ metadata: { a: 'x'.repeat(501) } }, '/metadata/a'],
    [{ metadata: { a: 'x\u202ey' } }, '/metadata/a'],
    [{ metadata: { a: 1 } }, '/metadata/a'],
    [{ metadata: { a: null } }, '/metadata/a'],
    [{ metadata: [] }, '/metadata'],
    [{ metadata: null }, '/metadata'],
    [{ owner: '' }, '/owner'],
    [{ owner: 'x'.repeat(101) }, '/owner'],
  ]
  for (const [extra, path] of cases) {
    const { status, body } = await subject.call('POST', '/keys', keyBody(merchant, extra))
    const { details } = Object(body['error']) as { details?: readonly { path: string }[] }
    t.equal(status, 422, path)
    t.ok(
      details?.some((one) => one.path === path),
      `${path} ${JSON.stringify(details)}`,
    )
  }
  const all = keyBody(merchant, { metadata: sixteen })
  t.equal((await subject.call('POST', '/keys', all)).status, 201)
  const raw = JSON.stringify(keyBody(merchant, { metadata: { a: 'b' } })).replace('"a"', '"__proto__"')
  t.equal((await subject.call('POST', '/keys', raw)).status, 422)
})

void t.test('a secret is not taken for what is said of a key, and not repeated', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await makeKey(subject)
  const foreign = Secret.reveal(generateSecret('flint_live_'))
  for (const [path, body] of [
    ['/metadata/note', { metadata: { note: `it is ${secret}.` } }],
    ['/metadata/note', { metadata: { note: `pk_live_pk_live_${foreign}` } }],
    ['/owner', { owner: foreign }],
  ] as const) {
    const answer = await subject.call('PATCH', `/keys/${id}`, body)
    t.match(answer, { status: 422, body: { error: { details: [{ path }] } } })
    t.notMatch(answer.text, foreign)
    t.notMatch(answer.text, secret)
  }
  // What only looks like one is text.
  const near = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`
  t.equal((await subject.call('PATCH', `/keys/${id}`, { metadata: { note: near } })).status, 200)
})

void t.test('an import says it too; a repeat with other words is another key', async (t) => {
  const subject = await createSubject(t)
  const merchant = await makeMerchant(subject)
  const line = (extra: object) =>
    `${JSON.stringify(keyBody(merchant, { secret: 'made-elsewhere-long-ago-and-kept', ...extra }))}\n`
  const send = (extra: object) =>
    subject.call('POST', '/keys/import', line(extra), { 'content-type': 'application/x-ndjson' })
  t.match((await send({ metadata, owner: 'Ann' })).body, { created: 1 })
  const { body } = await subject.call('GET', '/keys')
  t.match(body['data'], [{ metadata, owner: 'Ann', created_by: 'ann' }])
  t.match((await send({})).body, { unchanged: 1 })
  t.match((await send({ metadata, owner: 'Ann' })).body, { unchanged: 1 })
  t.equal((await send({ owner: 'Ben' })).status, 422)
  t.equal((await send({ owner: null })).status, 422)
  t.equal((await send({ metadata: { team: 'refunds' } })).status, 422)
  const secret = Secret.reveal(generateSecret('pk_test_'))
  const refused = await send({ secret: 'another-made-elsewhere-long-ago', metadata: { note: secret } })
  t.match(refused, { status: 422, body: { error: { details: [{ line: 1 }] } } })
  t.notMatch(refused.text, secret)
})
