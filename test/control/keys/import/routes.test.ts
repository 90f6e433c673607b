import { hash } from 'node:crypto'
import t from 'tap'
import { everything } from '../../../../src/store/scope.ts'
import { generateSecret, Secret } from '../../../../src/credentials/secret.ts'
import { readHead } from '../../../../src/store/change-table.ts'
import { transitionKey } from '../../../../src/store/keys/key-change-table.ts'
import { createPostgres, openSession } from '../../../../src/store/postgres.ts'
import { StoreUnavailableError } from '../../../../src/store/postgres-errors.ts'
import { createDatabase } from '../../../support/database.ts'
import { createSubject, keyBody, makeKey, makeMerchant, type Subject, startMs } from '../../subject.ts'

const ndjson = { 'content-type': 'application/x-ndjson' }
const legacy = 'legacy-secret-of-more-than-24-characters'

interface Detail {
  readonly line: number
  readonly path: string
  readonly message: string
}

function importer(subject: Subject) {
  return (lines: readonly unknown[], query = '', headers: Record<string, string> = ndjson) => {
    const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
    return subject.call('POST', `/keys/import${query}`, body, headers)
  }
}

function detailsOf(body: Record<string, unknown>): readonly Detail[] {
  return (body['error'] as { details: readonly Detail[] }).details
}

void t.test('keys with a secret or with its digest are made, a revision each', async (t) => {
  const subject = await createSubject(t)
  const send = importer(subject)
  const merchantId = await makeMerchant(subject)
  const own = Secret.reveal(generateSecret('pk_live_'))
  const digest = hash('sha256', 'whatever', 'hex')
  const lines = [
    keyBody(merchantId, { secret: legacy }),
    keyBody(merchantId, { secret: own, expires_at: '2020-01-01T00:00:00Z' }),
    '',
    keyBody(merchantId, { sha256: digest.toUpperCase(), last4: 'ever', status: 'disabled', name: 'Till' }),
  ]
  const made = await send(lines, '?wait=all')
  t.equal(made.status, 200)
  t.match(made.body, {
    created: 3,
    unchanged: 0,
    pending: [],
    results: [
      { line: 1, status: 'created', id: /^key_/, revision: 2 },
      { line: 2, status: 'created', revision: 3 },
      { line: 4, status: 'created', revision: 4 },
    ],
    warnings: [
      { api: 'flintn', message: /^1 of the keys have no checksum.*legacy_keys: true/ },
      { api: 'flintn', message: /^1 of the keys came as digests/ },
    ],
  })
  t.equal(subject.published.length, 4)
  const { body } = await subject.call('GET', '/keys')
  t.match(body['data'], [
    { name: 'Till', status: 'disabled', prefix: '', last4: 'ever', revision: 4 },
    { prefix: 'pk_live_', last4: own.slice(-4), expires_at: '2020-01-01T00:00:00.000Z' },
    { name: 'Checkout', prefix: '', last4: 'ters', status: 'active', permissions: ['transaction.read'] },
  ])
  const rows = await subject.db.query(`SELECT encode(digest, 'hex') AS digest FROM key_secret ORDER BY id`)
  t.same(rows, [
    { digest: hash('sha256', legacy, 'hex') },
    { digest: hash('sha256', own, 'hex') },
    { digest },
  ])
  t.notMatch(made.text + subject.logged.join(''), legacy)
  t.notMatch(made.text + subject.logged.join(''), own)

  const again = await send(lines)
  t.match(again.body, {
    created: 0,
    unchanged: 3,
    results: [{ line: 1, status: 'unchanged', revision: 2 }, { line: 2 }, { line: 4 }],
  })
  t.equal(subject.published.length, 4)
  const audit = await subject.call('GET', '/audit?action=key.import')
  t.equal((audit.body['data'] as unknown[]).length, 3)
})

void t.test('every fault of every line is told, none repeats the line, and nothing is made', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const ok = keyBody(merchantId, { secret: legacy })
  const hidden = 'hidden-secret-hidden-secret-hidden'
  const lines = [
    ok,
    `{"secret":"${hidden}`,
    `"${hidden}"`,
    { ...ok, [hidden]: true, secret: `${legacy}3` },
    { ...ok, api: 'other' },
    { ...ok, permissions: ['nope', 'transaction.read', '*'] },
    { ...ok, secret: undefined },
    { ...ok, secret: undefined, sha256: 'ab'.repeat(32) },
    { ...ok, secret: `${legacy}8`, sha256: 'ab'.repeat(32), last4: 'abcd' },
    { ...ok, secret: undefined, sha256: 'abc', last4: 'abcd' },
    { ...ok, secret: 'x'.repeat(257) },
    { ...ok, secret: `${hidden} ` },
    { ...ok, secret: '' },
    { ...ok, secret: 'x'.repeat(23) },
    { ...ok, secret: `pk_live_${'x'.repeat(23)}` },
    { ...ok, secret: `pk_test_${'x'.repeat(38)}` },
    { ...ok, secret: `flint_live_${'x'.repeat(38)}` },
    { ...ok, secret: `${legacy}18`, merchant_id: 'mer_999999999999' },
    { ...ok, secret: `${legacy}19`, expires_at: '2026-02-30T00:00:00Z' },
    { ...ok, secret: `${legacy}20`, environment: 'test', name: '' },
    ok,
    Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'),
  ]
  const { status, body, text } = await importer(subject)(lines)
  t.equal(status, 422)
  const found = detailsOf(body).map(({ line, path }) => `${line} ${path}`)
  t.same(found, [
    ...['2 ', '3 ', '4 ', '5 /api', '6 /permissions/0', '6 /permissions/2', '7 /secret', '8 /last4'],
    ...['9 /sha256', '9 /last4', '10 /sha256', '11 /secret', '12 /secret', '13 /secret', '14 /secret'],
    ...['15 /secret', '16 /secret', '17 /secret', '18 /merchant_id', '19 /expires_at'],
    ...found.filter((place) => place.startsWith('20 ')),
    ...['21 ', '22 '],
  ])
  t.same(new Set(found.filter((place) => place.startsWith('20 '))), new Set(['20 /environment', '20 /name']))
  t.notMatch(text + subject.logged.join(''), hidden)
  t.match(detailsOf(body).at(-2)?.message, 'same secret as line 1')
  t.same((await subject.call('GET', '/keys')).body['data'], [])
  t.same(await subject.db.query('SELECT revision FROM head'), [{ revision: 1 }])
})

void t.test('a short secret is taken where it is allowed, and is not shown whole', async (t) => {
  const subject = await createSubject(t)
  const send = importer(subject)
  const merchantId = await makeMerchant(subject)
  const lines = ['abcd', 'abcdefgh'].map((secret) => keyBody(merchantId, { secret }))
  t.equal((await send(lines)).status, 422)
  t.equal((await send(lines, '?allow_weak=false')).status, 422)
  t.equal((await send(lines, '?allow_weak=true')).status, 200)
  t.match((await subject.call('GET', '/keys')).body['data'], [{ last4: 'efgh' }, { last4: '' }])
})

void t.test('the secret of a key with other data is a fault', async (t) => {
  const subject = await createSubject(t)
  const { id, secret } = await makeKey(subject)
  const { body } = await subject.call('GET', `/keys/${id}`)
  const same = keyBody(String(body['merchant_id']), { secret })
  t.match((await importer(subject)([same])).body, { created: 0, unchanged: 1, warnings: [] })
  const other = await importer(subject)([{ ...same, name: 'Other' }])
  t.match(other, {
    status: 422,
    body: { error: { details: [{ line: 1, path: '', message: /exists already/ }] } },
  })
})

void t.test('what is no body of lines is refused', async (t) => {
  const subject = await createSubject(t)
  const send = importer(subject)
  t.match(await send([]), { status: 422, body: { error: { details: [{ message: /no line/ }] } } })
  t.match(await subject.call('POST', '/keys/import'), { status: 422 })
  t.match(await send(['{}'], '?colour=red'), { status: 422 })
  const merchantId = await makeMerchant(subject)
  for (const [index, type] of [
    'application/jsonl',
    'text/plain; charset=utf-8',
    'application/json',
    'application/octet-stream',
  ].entries()) {
    const line = keyBody(merchantId, { secret: `${legacy}-${index}` })
    t.equal((await send([line], '', { 'content-type': type })).status, 200, type)
  }
  t.match(await subject.call('POST', '/merchants', 'x', ndjson), { status: 422 })
})

void t.test('many keys are imported in batches, in the order of the lines', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const lines = Array.from({ length: 1201 }, (_, index) =>
    keyBody(merchantId, { secret: `${legacy}-${index}`, name: `Key ${index}` }),
  )
  const { body } = await importer(subject)(lines)
  t.match(body, { created: 1201, warnings: [{ api: 'flintn', message: /^1201 of the keys/ }] })
  const results = body['results'] as { line: number; revision: number }[]
  t.ok(results.every(({ line, revision }, index) => line === index + 1 && revision === index + 2))
  t.same(
    subject.published.map(({ revision }) => revision),
    Array.from({ length: 1202 }, (_, index) => index + 1),
  )
})

void t.test('an import that breaks off says how far it came; a repeat does the rest', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const lines = Array.from({ length: 700 }, (_, index) =>
    keyBody(merchantId, { secret: `${legacy}-${index}` }),
  )
  const { transaction } = subject.db
  // Batches, not keys: how many go into one depends on how long the one before took.
  let left = 5
  Object.assign(subject.db, {
    transaction: (work: Parameters<typeof transaction>[0]) =>
      left-- > 0 ? transaction(work) : Promise.reject(new StoreUnavailableError('timeout')),
  })
  const broken = await importer(subject)(lines)
  t.match(broken, {
    status: 503,
    headers: { 'retry-after': '1' },
    body: { error: { code: 'IMPORT_INCOMPLETE' } },
  })
  // The merchant's own change comes first.
  const made = (await readHead(subject.db)).head - 1
  t.ok(made > 0 && made < 700)
  t.match(detailsOf(broken.body)[0]?.message, new RegExp(`^${made} keys were imported`))
  left = 0
  t.match(await importer(subject)(lines), { status: 503, body: { error: { code: 'STORE_UNAVAILABLE' } } })
  Object.assign(subject.db, { transaction })
  t.match((await importer(subject)(lines)).body, { created: 700 - made, unchanged: made })
})

void t.test(
  'other changes have their turn: few keys come between the call of a revocation and it',
  async (t) => {
    const subject = await createSubject(t)
    const merchantId = await makeMerchant(subject)
    const ids: string[] = []
    for (let made = 0; made < 15; made++) ids.push((await makeKey(subject)).id)
    const lines = Array.from({ length: 5_000 }, (_, index) =>
      keyBody(merchantId, { secret: `${legacy}-${index}` }),
    )
    let isOver = false
    const importing = importer(subject)(lines).finally(() => (isOver = true))
    const { head: begin } = await readHead(subject.db)
    while (!isOver && (await readHead(subject.db)).head === begin);
    const between: number[] = []
    for (const id of ids) {
      const { head } = await readHead(subject.db)
      const { body } = await subject.call('POST', `/keys/${id}/revoke`)
      if (!isOver) between.push(Number(body['revision']) - head - 1)
    }
    t.match(await importing, { status: 200, body: { created: 5_000 } })
    t.ok(between.length > 4, `${between.length} of them while it ran`)
    const median = between.toSorted((a, b) => a - b)[Math.floor(between.length / 2)] ?? Infinity
    t.ok(median <= 200, `keys between: ${between.join(', ')}`)
  },
)

void t.test('changes that wait go in before the next keys of an import', async (t) => {
  const { url } = await createDatabase(t)
  const patient = createPostgres({
    url,
    applicationName: 'latchkey-test',
    queryTimeoutMs: 60_000,
    maxConnections: 20,
  })
  const subject = await createSubject(t, { db: patient })
  const merchantId = await makeMerchant(subject)
  const ids: string[] = []
  for (let made = 0; made < 8; made++) ids.push((await makeKey(subject)).id)
  const holder = await openSession({ url, applicationName: 'holder' })
  t.teardown(() => Promise.all([holder.close(), patient.close()]).then(() => undefined))
  await holder.query('BEGIN')
  await holder.query('SELECT FROM head FOR UPDATE')
  const waiting = async (count: number) => {
    const sql = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    while ((await patient.query(sql)).length < count);
  }
  const lines = Array.from({ length: 300 }, (_, index) =>
    keyBody(merchantId, { secret: `${legacy}-${index}` }),
  )
  const importing = importer(subject)(lines)
  await waiting(1)
  const origin = { actor: 'ann', requestId: 'r', nowMs: startMs, scope: everything }
  const revoking = ids.map((id) => transitionKey(patient, origin, { id, action: 'revoke' }))
  await waiting(1 + ids.length)
  await holder.query('COMMIT')
  const last = Math.max(...(await Promise.all(revoking)).map(({ object }) => object.revision))
  const { status, body } = await importing
  t.equal(status, 200)
  const before = (body['results'] as { revision: number }[]).filter(({ revision }) => revision < last)
  t.ok(before.length <= 100, `${before.length} keys before the last of those that waited`)
})

void t.test('?wait=all waits for the last of the revisions', async (t) => {
  const waited: number[] = []
  const subject = await createSubject(t, {
    awaitAll: async (revision) => {
      waited.push(revision)
      return [{ instance: 'a', appliedRevision: 1, lastSeenAtMs: startMs, deadByMs: startMs }]
    },
  })
  const merchantId = await makeMerchant(subject)
  const lines = [1, 2].map((index) => keyBody(merchantId, { secret: `${legacy}-${index}` }))
  t.match((await importer(subject)(lines, '?wait=all')).body, { pending: [{ instance: 'a' }] })
  t.same(waited, [3])
})

void t.test('a line full of faults is told in a few of them, and the answer has an end', async (t) => {
  const subject = await createSubject(t)
  const merchantId = await makeMerchant(subject)
  const numbers = Array.from({ length: 31_000 }, () => 1)
  const ok = keyBody(merchantId, { secret: legacy })
  const names = Array.from({ length: 500 }, (_, index) => `nope-${index}`)
  const lines = [
    { ...ok, permissions: numbers },
    { ...ok, permissions: names },
    { ...ok, permissions: names.map(() => 1) },
    { ...ok, ...Object.fromEntries(names.map((name) => [name, 1])) },
  ]
  const first = detailsOf((await importer(subject)(lines)).body)
  t.match(first[0], { line: 1, path: '/permissions', message: 'must not have more than 500 items' })
  t.same(
    [1, 2, 3, 4].map((line) => first.filter((detail) => detail.line === line).length),
    [1, 21, 21, 1],
  )
  t.match(first.filter(({ line }) => line === 2).at(-1), { path: '', message: 'has 480 more faults' })
  const many = Array.from({ length: 3000 }, () => ({ ...ok, api: 'other' }))
  const details = detailsOf((await importer(subject)(many)).body)
  t.equal(details.length, 1001)
  t.match(details[1000], { path: '', message: 'nothing was checked after line 1000' })
  const unknown = many.map((_, index) => keyBody('mer_999999999999', { secret: `${legacy}-${index}` }))
  t.equal(detailsOf((await importer(subject)(unknown)).body).length, 1000)
})

void t.test('while lines are judged, others have their turn', async (t) => {
  const subject = await createSubject(t)
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  // One chunk: nothing comes from the network that would end the stretch.
  const line = JSON.stringify({ permissions: Array.from({ length: 31_000 }, () => 1) })
  const body = Array.from({ length: 200 }, () => line).join('\n')
  count()
  const { status } = await subject.call('POST', '/keys/import', body, ndjson)
  isOver = true
  t.equal(status, 422)
  t.ok(turns > 150, `${turns} turns of the loop for 200 lines of 62 KB`)
})

void t.test('?dry_run=true checks as an import does, counts, and makes nothing', async (t) => {
  const subject = await createSubject(t)
  const send = importer(subject)
  const merchantId = await makeMerchant(subject)
  const [first, second] = [1, 2].map((index) => keyBody(merchantId, { secret: `${legacy}-${index}` }))
  await send([first])
  const before = subject.published.length
  t.match(await send([first, second], '?dry_run=true&wait=all'), {
    status: 200,
    body: { created: 1, unchanged: 1, results: [], warnings: [{ api: 'flintn' }] },
  })
  t.equal(subject.published.length, before)
  t.equal(((await subject.call('GET', '/keys')).body['data'] as unknown[]).length, 1)
  t.match(await send([{ ...first, name: 'Other' }], '?dry_run=true'), { status: 422 })
})
