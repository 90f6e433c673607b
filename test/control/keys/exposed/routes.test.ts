// Contract 8.2: secrets that stand in public, told by people with a token and by GitHub's secret scanning, which signs what it sends.

import { createPrivateKey, generateKeyPairSync, hash, sign } from 'node:crypto'
import t from 'tap'
import type { Table } from '../../../../src/config/compiled.ts'
import type { ExposurePolicy } from '../../../../src/config/scanning-schema.ts'
import { generateSecret, Secret } from '../../../../src/credentials/secret.ts'
import { sealAudit } from '../../../../src/store/audit/audit-chain-table.ts'
import { createSubject, depsOf, makeKey, type Subject } from '../../subject.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const scanners = [{ id: 'f9525bf080f75b35', key: pem }]

/** A table whose keys meet this policy. */
function tableWith(exposed: ExposurePolicy): () => Table {
  const { table } = depsOf({ db: null, clock: { nowMs: 0 }, logged: [] })
  const apis = [...table().apis.values()].map((api) => ({
    ...api,
    environments: api.environments.map((one) => ({ ...one, exposed })),
  }))
  return () => ({ ...table(), apis: new Map(apis.map((api) => [api.name, api])) })
}

interface Signing {
  readonly id?: string
  readonly key?: string
  readonly signed?: string
  readonly headers?: Record<string, string>
}

/** As GitHub sends it. */
async function send(subject: Subject, body: string, { id, key, signed = body, headers }: Signing = {}) {
  const privateKey = key === undefined ? pair.privateKey : createPrivateKey(key)
  const response = await subject.app.inject({
    method: 'POST',
    url: '/admin/v1/keys/exposed',
    // No address of control.admin_from.
    remoteAddress: '140.82.115.1',
    headers: {
      'content-type': 'application/json',
      'github-public-key-identifier': id ?? 'f9525bf080f75b35',
      'github-public-key-signature': sign('sha256', Buffer.from(signed), privateKey).toString('base64'),
      ...headers,
    },
    payload: body,
  })
  return { status: response.statusCode, body: response.json<unknown>(), text: response.body }
}

const url = 'https://github.com/octocat/Hello-World/blob/12345/foo/bar.txt'

function match(token: string, extra: object = {}) {
  return { token, type: 'latchkey_flintn_live_key', url, source: 'content', ...extra }
}

async function entries(subject: Subject, id: string) {
  const { body } = await subject.call('GET', `/audit?target=${id}`)
  return body['data'] as readonly Record<string, unknown>[]
}

async function statusOf(subject: Subject, id: string) {
  return (await subject.call('GET', `/keys/${id}`)).body['status']
}

/** Nothing that is kept, logged or answered holds it. */
async function holdsNo(subject: Subject, secret: string): Promise<boolean> {
  const [row] = await subject.db.query<{ all: string }>(
    `SELECT coalesce((SELECT json_agg(a) FROM audit a)::text, '') || coalesce((SELECT json_agg(e) FROM key_exposure e)::text, '')
       || coalesce((SELECT json_agg(r) FROM change_reason r)::text, '') AS all`,
  )
  return ![row?.all ?? '', ...subject.logged].some((text) => text.includes(secret))
}

for (const [policy, outcome, status] of [
  ['notify', 'notified', 'active'],
  ['disable', 'disabled', 'disabled'],
  ['revoke', 'revoked', 'revoked'],
] as const) {
  void t.test(
    `by the policy ${policy} a key that is told of is ${status}, and the audit says so`,
    async (t) => {
      const subject = await createSubject(t, { table: tableWith(policy) })
      const { id, secret } = await makeKey(subject)
      const reports = [{ secret, url: `https://paste.example/?q=${secret}`, type: 'paste' }]
      const answer = await subject.call('POST', '/keys/exposed?wait=all', { reports, reason: 'seen by Ben' })
      const last4 = secret.slice(-4)
      t.match(answer, { status: 200, body: { data: [{ key_id: id, last4, policy, outcome }], pending: [] } })
      t.equal(await statusOf(subject, id), status)
      t.match((await subject.call('GET', `/keys/${id}`)).body, { exposed_at: '2026-01-15T12:00:00.000Z' })
      const all = await entries(subject, id)
      const told = {
        ...{ action: 'key.exposed', actor: 'ann', target: id, reason: 'seen by Ben', before: null },
        after: {
          reporter: 'admin',
          url: 'https://paste.example/?q=***',
          type: 'paste',
          policy,
          outcome,
          last4,
        },
      }
      if (policy === 'notify') t.match(all, [told, { action: 'key.create' }])
      else t.match(all, [{ action: `key.${policy}` }, told, { action: 'key.create' }])
      t.equal(subject.published.length, policy === 'notify' ? 2 : 3)
      t.notMatch(answer.text, secret)
      t.ok(await holdsNo(subject, secret))
      await sealAudit(subject.db, 100)
      t.match((await subject.call('GET', '/audit/verify')).body, { checked: all.length + 1, faults: [] })
    },
  )
}

void t.test('what is no key of ours is nobody’s, and leaves nothing behind', async (t) => {
  const subject = await createSubject(t, { table: tableWith('revoke') })
  const secret = Secret.reveal(generateSecret('pk_live_'))
  const { body } = await subject.call('POST', '/keys/exposed', {
    reports: [{ secret }, { secret: 'x'.repeat(4096) }],
  })
  const unknown = { key_id: null, secret_id: null, last4: null, policy: null, outcome: 'unknown' }
  t.same(body, { data: [unknown, unknown] })
  t.same(await subject.db.query('SELECT FROM audit'), [])
})

void t.test('a secret or key that works no longer is told of, and nothing is done', async (t) => {
  const subject = await createSubject(t, { table: tableWith('disable') })
  const { id, secret } = await makeKey(subject)
  await subject.call('POST', `/keys/${id}/rotate`, { grace_seconds: 0 })
  const report = { reports: [{ secret }] }
  const answer = await subject.call('POST', '/keys/exposed', report)
  t.match(answer.body, { data: [{ key_id: id, outcome: 'over' }] })
  t.equal(await statusOf(subject, id), 'active')
  // The one that works now is not the one that stands there.
  t.match((await subject.call('GET', `/keys/${id}`)).body, { exposed_at: null })
  const [entry] = await entries(subject, id)
  t.match(entry, { action: 'key.exposed', after: { outcome: 'over' } })
  await subject.call('POST', `/keys/${id}/revoke`)
  t.match((await subject.call('POST', '/keys/exposed', report)).body, { data: [{ outcome: 'over' }] })
  t.equal(await statusOf(subject, id), 'revoked')
})

void t.test('a disabled key is told of; where it is to be revoked it is', async (t) => {
  for (const [policy, outcome] of [
    ['disable', 'notified'],
    ['revoke', 'revoked'],
  ] as const) {
    const subject = await createSubject(t, { table: tableWith(policy) })
    const { id, secret } = await makeKey(subject)
    await subject.call('POST', `/keys/${id}/disable`)
    const { body } = await subject.call('POST', '/keys/exposed', { reports: [{ secret }] })
    t.match(body, { data: [{ outcome }] })
  }
})

void t.test('the secret in its grace is the key’s, too', async (t) => {
  const subject = await createSubject(t, { table: tableWith('disable') })
  const { id, secret } = await makeKey(subject)
  await subject.call('POST', `/keys/${id}/rotate`)
  t.match((await subject.call('POST', '/keys/exposed', { reports: [{ secret }] })).body, {
    data: [{ outcome: 'disabled' }],
  })
})

void t.test('what GitHub signs needs no token and comes from anywhere', async (t) => {
  const subject = await createSubject(t, { table: tableWith('disable'), scanners })
  const { id, secret } = await makeKey(subject)
  const other = Secret.reveal(generateSecret('pk_live_'))
  // As it may be written: the signature is over the bytes.
  const body = ` ${JSON.stringify([match(secret, { more: 1 }), match(other, { url: '' })], null, 1)}\n`
  const answer = await send(subject, body)
  const told = { token_type: 'latchkey_flintn_live_key' }
  t.equal(answer.status, 200)
  t.same(answer.body, [
    { token_hash: hash('sha256', secret, 'hex'), ...told, label: 'true_positive' },
    { token_hash: hash('sha256', other, 'hex'), ...told, label: 'false_positive' },
  ])
  t.equal(await statusOf(subject, id), 'disabled')
  const all = await entries(subject, id)
  const whose = { actor: 'github-secret-scanning', token_id: null, client: '140.82.115.1' }
  t.match(all, [
    { ...whose, action: 'key.disable' },
    { ...whose, action: 'key.exposed', after: { reporter: 'github', url, source: 'content' } },
    { action: 'key.create' },
  ])
  t.notMatch(answer.text, secret)
  t.ok(await holdsNo(subject, secret))
})

void t.test('a place that was reported before undoes nothing that people have decided since', async (t) => {
  const subject = await createSubject(t, { table: tableWith('disable'), scanners })
  const { id, secret } = await makeKey(subject)
  const body = JSON.stringify([match(secret)])
  await send(subject, body)
  await subject.call('POST', `/keys/${id}/enable`)
  const before = (await entries(subject, id)).length
  t.match(await send(subject, body), { status: 200, body: [{ label: 'true_positive' }] })
  t.equal(await statusOf(subject, id), 'active')
  t.equal((await entries(subject, id)).length, before)
  await send(subject, JSON.stringify([match(secret, { url: `${url}#2` })]))
  t.equal(await statusOf(subject, id), 'disabled')
  // A person who says so means it.
  await subject.call('POST', `/keys/${id}/enable`)
  for (let times = 0; times < 2; times += 1) {
    const reports = [{ secret, url }]
    t.match((await subject.call('POST', '/keys/exposed', { reports })).body, {
      data: [{ outcome: 'disabled' }],
    })
    await subject.call('POST', `/keys/${id}/enable`)
  }
})

void t.test('what is not signed by a configured key is nobody’s', async (t) => {
  const refused: string[] = []
  const subject = await createSubject(t, {
    ...{ table: tableWith('revoke'), scanners },
    refused: (reason) => void refused.push(reason),
  })
  const { id, secret } = await makeKey(subject)
  const body = JSON.stringify([match(secret)])
  const another = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const foreign = another.export({ type: 'pkcs8', format: 'pem' }).toString()
  const cases: readonly Signing[] = [
    { key: foreign },
    { id: 'another' },
    { id: '__proto__' },
    { signed: `${body} ` },
    { signed: '' },
    { headers: { 'github-public-key-signature': 'AAAA' } },
    { headers: { 'github-public-key-signature': '' } },
    { headers: { 'github-public-key-signature': 'x'.repeat(5000) } },
    { headers: { 'content-type': 'text/plain' }, signed: 'x' },
  ]
  for (const one of cases) {
    const answer = await send(subject, body, one)
    t.match(
      answer,
      { status: 401, body: { error: { code: 'UNAUTHORIZED' } } },
      JSON.stringify(one).slice(0, 80),
    )
    t.notMatch(answer.text, secret)
  }
  // No body at all is not signed either.
  t.equal((await send(subject, '', { signed: 'x' })).status, 401)
  t.equal(await statusOf(subject, id), 'active')
  t.same([...new Set(refused)], ['report_signature_wrong'])
  t.notMatch(subject.logged.join('\n'), 'github-secret-scanning')
})

void t.test('an unsigned body is not read: neither its form nor its size is told', async (t) => {
  const subject = await createSubject(t, { scanners })
  t.equal((await send(subject, '{no json', { signed: 'x' })).status, 401)
  t.equal((await send(subject, '{no json')).status, 422)
  t.equal((await send(subject, '[{"token": 1}]')).status, 422)
  t.equal((await send(subject, '[]')).status, 422)
  t.equal((await send(subject, JSON.stringify(Array.from({ length: 1001 }, () => match('x'))))).status, 422)
  t.equal((await send(subject, ' '.repeat(1024 * 1024 + 1))).status, 413)
})

void t.test('a signature opens no other door, and none where no key is configured', async (t) => {
  const subject = await createSubject(t, { scanners })
  const { id, secret } = await makeKey(subject)
  const body = JSON.stringify([match(secret)])
  const signature = sign('sha256', Buffer.from(body), pair.privateKey).toString('base64')
  const headers = {
    'github-public-key-identifier': 'f9525bf080f75b35',
    'github-public-key-signature': signature,
  }
  for (const path of ['/keys', '/keys/import', `/keys/${id}/disable`, '/tokens', '/nothing']) {
    const response = await subject.app.inject({
      method: 'POST',
      url: `/admin/v1${path}`,
      headers,
      payload: body,
    })
    t.equal(response.statusCode, 401, path)
  }
  const get = await subject.app.inject({ method: 'GET', url: '/admin/v1/keys/exposed', headers })
  t.equal(get.statusCode, 401)
  // Whoever comes with a token is judged by it.
  t.equal((await send(subject, body, { headers: { authorization: 'Bearer wrong' } })).status, 403)
  const without = await createSubject(t)
  t.equal((await send(without, body)).status, 403)
})

void t.test('a reason that repeats the secret is refused', async (t) => {
  const subject = await createSubject(t, { table: tableWith('revoke') })
  const { id, secret } = await makeKey(subject)
  const answer = await subject.call('POST', '/keys/exposed', {
    reports: [{ secret }],
    reason: `found ${secret}`,
  })
  t.match(answer, { status: 422, body: { error: { details: [{ path: '/reason' }] } } })
  t.equal(await statusOf(subject, id), 'active')
  t.ok(await holdsNo(subject, secret))
})

void t.test(
  'halves of characters, as they come or as a cut leaves them, are no fault of the report',
  async (t) => {
    const subject = await createSubject(t, { table: tableWith('notify') })
    const { id, secret } = await makeKey(subject)
    const cut = `https://paste.example/${'x'.repeat(2_048 - 23)}\u{1f600}`
    const reports = [
      { secret: 'half of a character: \ud83d', url: 'https://paste.example/\ud83d' },
      { secret, url: cut, type: `${'x'.repeat(99)}\u{1f600}` },
    ]
    const answer = await subject.call('POST', '/keys/exposed', { reports })
    t.match(answer, {
      status: 200,
      body: { data: [{ outcome: 'unknown' }, { key_id: id, outcome: 'notified' }] },
    })
    const [entry] = await entries(subject, id)
    t.match(entry, { action: 'key.exposed', after: { type: 'x'.repeat(99) } })
  },
)
