// Contract 3.
// An API as people have it: one host with others, a base path, two servers of which one dies, and actions in its paths.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { Agent, request as httpRequest } from 'node:http'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { host, type KeyedProgram, withKey } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared } from '../support/program.ts'
import { type RecordingUpstream, startUpstream } from '../support/upstream.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const routes = `
  GET  /v1/status: public
  GET  /v1/transactions/{id}: transaction.read
  POST /v1/transactions/{id}:cancel: transaction.refund
  POST /v1/upload: transaction.refund
`

async function startTarget(t: Test): Promise<{ url: string; kill: () => Promise<void> }> {
  const child = fork(fileURLToPath(new URL('target-program.js', import.meta.url)))
  const [port] = await once(child, 'message')
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  t.teardown(kill)
  return { url: `http://127.0.0.1:${port}`, kill }
}

interface Answer {
  readonly status: number
  readonly body: string
}

function ask(
  port: number,
  options: { agent: Agent; method?: string; path: string; key: string },
): Promise<Answer> {
  const { agent, method = 'GET', path, key } = options
  return new Promise((resolve, reject) => {
    const headers = {
      host: 'api.flintn.com',
      'x-api-key': key,
      ...(method === 'POST' && { 'content-length': '0' }),
    }
    httpRequest({ port, agent, method, path, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}

async function figuresOf({ controlPort }: KeyedProgram): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${controlPort}/readyz`)
  const body: unknown = await response.json()
  return Object(body).upstreams?.payments
}

async function metricsOf({ controlPort }: KeyedProgram): Promise<string> {
  return (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
}

/** Bounded by the test's own time. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** An API as it was before there were two of each: one environment, of a name of its own. */
async function startExisting(t: Test, payments: string): Promise<KeyedProgram> {
  const prepared = await prepareTestProgram(t, {
    routes,
    upstreams: ({ sandbox }) => `  payments: { ${payments} }\n  payments-sandbox: { url: "${sandbox}" }`,
  })
  const text = await readFile(prepared.file, 'utf8')
  const both = / {6}live: {4}\{ hosts: \[api\.flintn\.com\](.*)\n {6}sandbox: .*\n/
  if (!both.test(text)) throw new Error('the environments are not in the file')
  await writeFile(prepared.file, text.replace(both, '      production: { hosts: [api.flintn.com]$1\n'))
  const program = await startPrepared(t, prepared)
  return withKey(program, 'production')
}

async function start(
  t: Test,
  payments: string,
): Promise<KeyedProgram & { edit(part: string, other: string): Promise<void> }> {
  const prepared = await prepareTestProgram(t, {
    routes,
    upstreams: ({ sandbox }) => `  payments: { ${payments} }\n  payments-sandbox: { url: "${sandbox}" }`,
  })
  const program = await withKey(await startPrepared(t, prepared))
  return {
    ...program,
    async edit(part, other) {
      const text = await readFile(prepared.file, 'utf8')
      if (!text.includes(part)) throw new Error(`"${part}" is not in the file`)
      await writeFile(
        prepared.file,
        text.replace(part, () => other),
      )
      await program.program.reload()
    },
  }
}

const listOf = (...targets: readonly ({ url: string } | { url: string; weight: number })[]) =>
  `targets: [${targets
    .map((one) => `{ url: "${one.url}"${'weight' in one ? `, weight: ${one.weight}` : ''} }`)
    .join(', ')}]`

t.test('a target that dies under load fails no GET', async (t) => {
  const [mortal, other] = [await startTarget(t), await startTarget(t)]
  const at = (url: string) => ({ url: `${url}/api/v1` })
  const program = await startExisting(t, listOf(at(mortal.url), at(other.url)))
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  t.teardown(() => agent.destroy())
  const key = program.key.secret
  const port = program.gatewayPort
  const failed: string[] = []
  let asked = 0
  let isOver = false
  const client = async () => {
    while (!isOver) {
      const id = `t_${++asked}`
      const { status, body } = await ask(port, { agent, path: `/v1/transactions/${id}`, key })
      if (status !== 200 || body !== `GET /api/v1/v1/transactions/${id}`) failed.push(`${status} ${body}`)
    }
  }
  const clients = Array.from({ length: 16 }, client)
  await until(() => asked > 1_500)
  t.same(await figuresOf(program), { targets: 2, available: 2 })
  await mortal.kill()
  const killedAt = asked
  await until(() => asked > killedAt + 1_500)
  isOver = true
  await Promise.all(clients)
  t.same(failed, [])
  t.same(await figuresOf(program), { targets: 2, available: 1 })
  t.match(await metricsOf(program), 'latchkey_upstream_targets_unavailable{of="payments"} 1\n')
  const line = program.log.find(({ target }) => target === new URL(mortal.url).host)
  t.match(line, { upstream: 'payments', reason: 'ECONNREFUSED', msg: /gets no requests while others do/ })

  for (let i = 0; i < 20; i++) {
    const { status, body } = await ask(port, {
      agent,
      method: 'POST',
      path: `/v1/transactions/t_${i}:cancel`,
      key,
    })
    t.same({ status, body }, { status: 200, body: `POST /api/v1/v1/transactions/t_${i}:cancel` })
  }
})

async function recording(t: Test, answer?: Parameters<typeof startUpstream>[0]): Promise<RecordingUpstream> {
  const upstream = await startUpstream(answer)
  t.teardown(async () => {
    if (upstream.open() >= 0) await upstream.close().catch(() => {})
  })
  return upstream
}

async function closedUrl(): Promise<string> {
  const upstream = await startUpstream()
  await upstream.close()
  return upstream.url
}

t.test('what no connection came about for goes to another target, its body too', async (t) => {
  const up = await recording(t)
  const program = await start(t, listOf({ url: await closedUrl() }, up))
  const large = 'x'.repeat(40_000)
  for (let i = 0; i < 6; i++) {
    t.equal((await program.send(`GET /v1/transactions/t_${i}`)).status, 200)
    const chunked = ['Transfer-Encoding: chunked']
    t.equal((await program.send('POST /v1/upload', chunked, '3\r\nabc\r\n0\r\n\r\n')).status, 200)
    const sized = [`Content-Length: ${large.length}`]
    t.equal((await program.send('POST /v1/upload', sized, large)).status, 200)
    t.equal((await program.send('POST /v1/upload', ['Content-Length: 5'], 'small')).status, 200)
  }
  t.equal(up.requests.length, 24)
  t.same(new Set(up.requests.map(({ body }) => body)), new Set(['', 'abc', large, 'small']))
})

t.test('where no target takes connections it is 502, as with one', async (t) => {
  const program = await start(t, listOf({ url: await closedUrl() }, { url: await closedUrl() }))
  for (let i = 0; i < 6; i++) {
    const answer = await program.send('GET /v1/transactions/t_1')
    t.equal(answer.status, 502)
    t.equal(codeOf(answer), 'UPSTREAM_ERROR')
  }
  t.same(await figuresOf(program), { targets: 2, available: 0 })
})

t.test('a request that was sent and not answered is not sent to another', async (t) => {
  const leaving = () => recording(t, (_request, socket) => void socket.destroy())
  const [a, b] = [await leaving(), await leaving()]
  const program = await start(t, listOf(a, b))
  t.equal((await program.send('POST /v1/transactions/t_1:cancel', ['Content-Length: 0'])).status, 502)
  t.equal((await program.send('GET /v1/transactions/t_1')).status, 502)
  t.equal(a.requests.length + b.requests.length, 2)
  t.same(await figuresOf(program), { targets: 2, available: 2 }, 'and says nothing of the target')
})

t.test('targets that stay keep their connections and their standing on a reload', async (t) => {
  const [a, b, c] = [await recording(t), await recording(t), await recording(t)]
  const gone = { url: await closedUrl() }
  const program = await start(t, listOf(a, b, gone))
  const some = async () => {
    for (let i = 0; i < 12; i++) t.equal((await program.send('GET /v1/transactions/t_1')).status, 200)
  }
  await some()
  t.same(await figuresOf(program), { targets: 3, available: 2 })
  await program.edit(`{ url: "${a.url}" }`, `{ url: "${a.url}", weight: 3 }`)
  t.same(await figuresOf(program), { targets: 3, available: 2 })
  await some()
  t.equal(a.connections(), 1)
  t.equal(b.connections(), 1)

  await program.edit(`{ url: "${b.url}" }`, `{ url: "${b.url}", weight: 0 }, { url: "${c.url}" }`)
  const before = b.requests.length
  await some()
  t.equal(b.requests.length, before, 'weight 0 gets nothing')
  t.ok(c.requests.length > 0)
  t.equal(a.connections(), 1)
})

t.test('active checks decide who gets requests; where nobody is well all do', async (t) => {
  const ill = new Set<string>()
  const answering = (name: string) => (asked: { target: string }) =>
    `HTTP/1.1 ${asked.target === '/ready' && ill.has(name) ? 503 : 200} OK\r\nContent-Length: 0\r\n\r\n`
  const [a, b] = [await recording(t, answering('a')), await recording(t, answering('b'))]
  const health = 'health: { path: /ready, interval: 40ms }, headers: { X-Internal: s3cret }'
  const program = await start(t, `${listOf({ url: `${a.url}/api` }, { url: `${b.url}/api` })}, ${health}`)
  const available = async (count: number) =>
    until(async () => Object(await figuresOf(program)).available === count)
  const paths = ({ requests }: RecordingUpstream) =>
    requests.filter(({ target }) => target !== '/ready').length
  const some = async () => {
    const before = [paths(a), paths(b)] as const
    for (let i = 0; i < 10; i++) t.equal((await program.send('GET /v1/transactions/t_1')).status, 200)
    return [paths(a) - before[0], paths(b) - before[1]]
  }
  await until(() => a.requests.length > 1)
  t.match(a.requests[0], {
    method: 'GET',
    target: '/ready',
    headers: [
      ['host', 'api.flintn.com'],
      ['user-agent', 'latchkey-health'],
      ['accept', '*/*'],
      ['X-Internal', 's3cret'],
      ['connection', 'close'],
    ],
  })
  ill.add('a')
  await available(1)
  t.same(await some(), [0, 10])
  ill.add('b')
  await available(0)
  const [toA = 0, toB = 0] = await some()
  t.ok(toA > 0 && toB > 0)
  ill.clear()
  await available(2)
  ill.add('a')
  await available(1)
  await program.edit(`, ${health}`, '')
  t.same(await figuresOf(program), { targets: 2, available: 2 }, 'without checks nobody is ill by them')
})

t.test('requests of a public route go by the same choice', async (t) => {
  const [a, b] = [await recording(t), await recording(t)]
  const program = await start(t, listOf(a, b))
  for (let i = 0; i < 10; i++) t.equal((await program.raw(request('GET /v1/status', [host]))).status, 200)
  t.same([a.requests.length, b.requests.length], [5, 5])
})
