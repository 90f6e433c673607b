// Contract 8: the audit at a sink, over real connections: every entry once at least, in the chain's order, whatever becomes of
// sink and sender.

import { execFileSync } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFileSink } from '../../../../src/control/audit/sink/file-sink.ts'
import { createHttpSink } from '../../../../src/control/audit/sink/http-sink.ts'
import { createSink, type SendBatch } from '../../../../src/control/audit/sink/sink.ts'
import { sealAudit } from '../../../../src/store/audit/audit-chain-table.ts'
import { createSubject, type Subject } from '../../subject.ts'
import { startReceiver, taken, type Told, until } from '../../webhooks/receiver.ts'

interface Line {
  readonly seq: number
  readonly sha256: string
  readonly id: number
  readonly target: string
}

async function addEntries({ db }: Subject, count: number): Promise<void> {
  await db.query(
    `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', 'x' || n, '{"reason": "ü\u2028"}', 'req_' || n, now(), 0 FROM generate_series(1, $1::integer) n`,
    [count],
  )
  await sealAudit(db, count)
}

function start(t: Test, { db }: Subject, send: SendBatch, holder = 'one') {
  const said: string[] = []
  const say = (details: object, message: string) => void said.push(`${message} ${JSON.stringify(details)}`)
  const sink = createSink({
    ...{ db, holder, send, leaseMs: 2_000, random: () => 0.5, log: { info: say, warn: say } },
    ...{ everyMs: 20, delaysMs: [5] },
  })
  t.teardown(() => sink.stop())
  return { ...sink, said }
}

function httpTo(url: string, of: Partial<Parameters<typeof createHttpSink>[0]> = {}): SendBatch {
  return createHttpSink({
    url,
    headers: [['Authorization', 'Splunk s3cret']],
    ca: null,
    timeoutMs: 2_000,
    ...of,
  })
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

const allOf = (told: readonly Told[]) => told.flatMap(({ body }) => linesOf(body))
const seqsTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

void t.test(
  'entries come as JSON Lines as the list has them, with their links, in their order',
  async (t) => {
    const subject = await createSubject(t)
    const receiver = await startReceiver(t)
    await addEntries(subject, 1_200)
    const sink = start(t, subject, httpTo(receiver.url))
    await until(() => sink.counts().taken === 1_200, 'all are taken')
    const lines = allOf(receiver.told)
    t.same(
      lines.map(({ seq }) => seq),
      seqsTo(1_200),
    )
    const links = await subject.db.query<{ digest: string }>(
      `SELECT encode(digest, 'hex') AS digest FROM audit_link ORDER BY seq`,
    )
    t.same(
      lines.map(({ sha256 }) => sha256),
      links.map(({ digest }) => digest),
    )
    const { body } = await subject.call('GET', '/audit?target=x7')
    const [entry] = body['data'] as object[]
    t.same(lines[6], { seq: 7, sha256: links[6]?.digest, ...entry })
    const [first] = receiver.told
    t.match(first?.headers, { authorization: 'Splunk s3cret', 'content-type': 'application/x-ndjson' })
    t.ok(receiver.told.every((one) => linesOf(one.body).length <= 500))
    await until(() => sink.lagSeconds() === 0, 'nothing waits')
  },
)

void t.test('a sink that fails, hangs, breaks off and redirects gets every entry, in order', async (t) => {
  const subject = await createSubject(t)
  let count = 0
  const got: Line[] = []
  const receiver = await startReceiver(t, (told, response) => {
    const turn = count++ % 7
    if (turn === 0) return void response.writeHead(503).end()
    if (turn === 1) return void response.socket?.destroy()
    if (turn === 2) return void response.writeHead(307, { location: '/elsewhere' }).end()
    // Hangs.
    if (turn === 3) return undefined
    got.push(...linesOf(told.body))
    // Taken, and nobody hears of it.
    if (turn === 4) return void response.socket?.destroy()
    return void response.writeHead(202).end('x'.repeat(200_000))
  })
  await addEntries(subject, 300)
  const first = start(t, subject, httpTo(receiver.url, { timeoutMs: 200 }))
  await until(() => first.counts().taken > 0, 'some are taken')
  await first.stop()
  await addEntries(subject, 300)
  const second = start(t, subject, httpTo(receiver.url, { timeoutMs: 200 }), 'two')
  await until(() => new Set(got.map(({ seq }) => seq)).size === 600, 'all are there')
  const firsts = [...new Set(got.map(({ seq }) => seq))]
  t.same(firsts, seqsTo(600))
  t.ok(receiver.told.every(({ path }) => path === '/hook'))
  t.ok(first.counts().failed + second.counts().failed >= 4)
  t.notMatch([...first.said, ...second.said].join('\n'), /s3cret|127\.0\.0\.1/)
})

void t.test('what is too much at once comes in smaller parts', async (t) => {
  const subject = await createSubject(t)
  const receiver = await startReceiver(t, (told, response) => {
    const isTooMuch = linesOf(told.body).length > 60
    return void response.writeHead(isTooMuch ? 413 : 204).end()
  })
  await addEntries(subject, 400)
  const sink = start(t, subject, httpTo(receiver.url))
  await until(() => sink.counts().taken === 400, 'all are taken')
  t.ok(sink.counts().failed > 0)
})

void t.test('large entries make small batches, and one that is larger than any comes alone', async (t) => {
  const subject = await createSubject(t)
  const receiver = await startReceiver(t)
  await subject.db.query(
    `INSERT INTO audit (actor, action, target, after, request_id, at, revision)
     SELECT 'ann', 'deny.add', 'x', jsonb_build_object('text', repeat('y', CASE n WHEN 3 THEN 2000000 ELSE 400000 END)), 'req_' || n, now(), 0
     FROM generate_series(1, 6) n`,
  )
  await sealAudit(subject.db, 10)
  const sink = start(t, subject, httpTo(receiver.url))
  await until(() => sink.counts().taken === 6, 'all are taken')
  const sizes = receiver.told.map(({ body }) => linesOf(body).length)
  t.same(sizes.slice(0, 2), [2, 1])
  t.ok(sizes.every((size) => size <= 2))
  t.same(
    allOf(receiver.told).map(({ seq }) => seq),
    seqsTo(6),
  )
})

void t.test('of several processes one copies, and another goes on where it stopped', async (t) => {
  const subject = await createSubject(t)
  const receivers = [await startReceiver(t), await startReceiver(t)]
  const [one, two] = receivers.map(({ url }, index) => start(t, subject, httpTo(url), `p${index}`))
  if (one === undefined || two === undefined) throw new Error('no sinks')
  for (let round = 0; round < 5; round++) {
    await addEntries(subject, 20)
    await until(() => one.counts().taken + two.counts().taken === 20 * (round + 1), 'taken')
  }
  t.same(
    [one, two].map((sink) => sink.counts().taken).toSorted((a, b) => a - b),
    [0, 100],
  )
  const isFirst = one.counts().taken > 0
  await (isFirst ? one : two).stop()
  await addEntries(subject, 20)
  await until(() => (isFirst ? two : one).counts().taken === 20, 'the other goes on')
  const all = receivers.flatMap(({ told }) => allOf(told)).map(({ seq }) => seq)
  t.same(
    all.toSorted((a, b) => a - b),
    seqsTo(120),
  )
})

void t.test(
  'entries that are kept no longer are passed by, and how long the rest waits is told',
  async (t) => {
    const subject = await createSubject(t)
    let isUp = false
    const receiver = await startReceiver(t, (told, response) => {
      if (isUp) return taken(told, response)
      return void response.writeHead(503).end()
    })
    await addEntries(subject, 30)
    await subject.db.query('DELETE FROM audit WHERE id % 2 = 0')
    await subject.db.query(`UPDATE audit_link SET sealed_at = sealed_at - interval '1 hour'`)
    const sink = start(t, subject, httpTo(receiver.url))
    await until(() => (sink.lagSeconds() ?? 0) >= 3_600, 'it is late')
    t.equal(sink.said.length, 1, 'a sink that is away is told once')
    isUp = true
    await until(() => sink.counts().taken === 15, 'the rest is taken')
    await until(() => sink.lagSeconds() === 0, 'nothing waits')
    t.match(sink.said[1], /copied again/)
  },
)

void t.test(
  'a file gets them too, also where it is moved away; one that cannot be written is tried again',
  async (t) => {
    const subject = await createSubject(t)
    const folder = t.testdir({ logs: {} })
    const path = join(folder, 'logs', 'audit.jsonl')
    await addEntries(subject, 10)
    const sink = start(t, subject, createFileSink(path))
    await until(() => sink.counts().taken === 10, 'the first ten')
    await rename(join(folder, 'logs'), join(folder, 'old'))
    await addEntries(subject, 10)
    await until(() => sink.counts().failed > 2, 'it fails')
    t.match(sink.said[0], /enoent/)
    await rename(join(folder, 'old', 'audit.jsonl'), join(folder, 'old', 'audit.jsonl.1'))
    // What is left of a process that ended in the midst of a line.
    const cut = '{"seq":11,"sha'
    await writeFile(join(folder, 'old', 'audit.jsonl'), cut)
    await rename(join(folder, 'old'), join(folder, 'logs'))
    await until(() => sink.counts().taken === 20, 'the next ten')
    const [first, second] = [await readFile(`${path}.1`, 'utf8'), await readFile(path, 'utf8')]
    t.ok(second.startsWith(`${cut}\n{"seq":11,`), 'the line that was cut has an end')
    t.same(
      [...linesOf(first), ...linesOf(second.slice(cut.length))].map(({ seq }) => seq),
      seqsTo(20),
    )
  },
)

void t.test('what is no regular file gets nothing, and nobody waits at its end', async (t) => {
  const folder = t.testdir({})
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const isOver = new AbortController().signal
  for (const path of [pipe, '/dev/null'])
    t.same(await createFileSink(path)('{}\n', isOver), { error: 'not_a_regular_file' }, path)
  t.match(await createFileSink(folder)('{}\n', isOver), { error: 'eisdir' })
})
