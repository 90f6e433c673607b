// Contract 2.
// `npm run demo`, as a person has it: what is printed works, and nothing is left when it ends, however it ends.

import { once } from 'node:events'
import { execFile } from 'node:child_process'
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { choosePlace } from '../../../src/store/embedded/place.ts'
import { freePort } from '../../../src/store/embedded/postmaster.ts'
import { childrenOf, inspectProcess } from '../../../src/store/embedded/process.ts'
import { runCurlLine } from '../curl-line.ts'
import { tryReadme } from './readme-oauth.ts'
import { latchkey, probe, type Running, until } from '../process.ts'

t.setTimeout(300_000)

// Its data lies beside its configuration: a copy has data of its own.
const folder = mkdtempSync(join(tmpdir(), 'latchkey-demo-test-'))
cpSync(fileURLToPath(new URL('../../../../config', import.meta.url)), folder, {
  recursive: true,
  filter: (path) => !path.includes('.latchkey'),
})
t.teardown(() => {
  rmSync(choosePlace(join(folder, '.latchkey')).home, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
})

const names = [
  'GATEWAY_PORT',
  'CONTROL_PORT',
  'PAYMENTS',
  'PAYMENTS_SANDBOX',
  'DOCUMENTS',
  'DOCUMENTS_SANDBOX',
]
const ports = new Map(await Promise.all(names.map(async (name) => [name, await freePort()] as const)))
const env = Object.fromEntries(
  [...ports].map(([name, port]) =>
    name.endsWith('_PORT') ? [name, String(port)] : [`${name}_URL`, `http://127.0.0.1:${port}`],
  ),
)

// By npm it names npx, which has no lines to try for who runs the file itself.
delete process.env['npm_lifecycle_event']

const startDemo = (t: Parameters<typeof latchkey>[0], ...words: string[]) =>
  latchkey(t, ['demo', '--config', join(folder, 'demo.yaml'), ...words], env)

const isReady = (running: Running) => running.stdout().endsWith('\nready\n')

async function untilDemoReady(running: Running): Promise<void> {
  await until(() => isReady(running) || running.child.exitCode !== null)
  if (!isReady(running)) throw new Error(`It ended: ${running.stderr()}${running.stdout()}`)
}

/** All processes that it has started, and those that they have. */
function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)])
}

const untilGone = (pids: readonly number[]) =>
  until(() => pids.every((pid) => inspectProcess(pid) === undefined))

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

const run = promisify(execFile)

/** What is printed for a shell: the variables, and the two lines of the command line. */
function shellLines(running: Running): {
  readonly list: string
  readonly revoke: string
  readonly keyId: string
} {
  const text = running.stdout()
  const [, variables = ''] = /^(export LATCHKEY_ADMIN_TOKEN=\S{32,}.*)$/m.exec(text) ?? []
  const [, list = ''] = /^(node \S+ keys list)$/m.exec(text) ?? []
  const [, revoke = '', keyId = ''] = /^(node \S+ keys revoke (key_\w+) --reason '[^']+')$/m.exec(text) ?? []
  return { list: `${variables}; ${list}`, revoke: `${variables}; ${revoke}`, keyId }
}

/** The first key that is printed, its secret, and that of the revoked one. */
function printedSecrets(running: Running): readonly string[] {
  return [...running.stdout().matchAll(/X-Api-Key: (\S+?)'/g)].map(([, secret = '']) => secret)
}

interface Person {
  readonly email: string
  readonly password: string
}

/** Contract 9.2: one line, its columns two spaces or more apart. */
function printedPeople(running: Running): Readonly<Record<string, Person>> {
  const lines = running
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('hub '))
  t.equal(lines.length, 1)
  const [, url, ...columns] = lines[0]?.split(/ {2,}/) ?? []
  t.equal(url, `http://localhost:${ports.get('CONTROL_PORT')}`)
  return Object.fromEntries(
    columns.map((column) => {
      const [kind = '', email = '', word, password = ''] = column.split(' ')
      t.equal(word, 'password')
      return [kind, { email, password }]
    }),
  )
}

async function signIn(person: Person | undefined) {
  const response = await fetch(`http://127.0.0.1:${ports.get('CONTROL_PORT')}/hub/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(person),
  })
  return { status: response.status, body: { ...Object(await response.json()) } }
}

t.test('the demo', async (t) => {
  const running = startDemo(t)
  await untilDemoReady(running)
  const lines = running.stdout().trimEnd().split('\n')
  const curls = lines.filter((line) => line.startsWith('curl'))
  const pids = descendants(running.pid)

  await t.test('`ready` is the last line, alone, and no earlier line is', (t) => {
    t.equal(lines.indexOf('ready'), lines.length - 1)
    t.equal(running.stderr(), '')
    t.end()
  })

  await t.test('each curl line is one command, which prints what it gets', (t) => {
    t.ok(curls.length >= 4)
    for (const line of curls) t.notMatch(line, /[|;&<>]| -[owO] |\\$/, line)
    t.end()
  })

  await t.test('each curl line gives what is written above it', async (t) => {
    for (const line of curls) {
      const title = lines[lines.indexOf(line) - 1] ?? ''
      const { status, body } = await runCurlLine(line)
      const isGood = status === 200 || status === 201
      const expected = /^# (\d{3})/.exec(title)?.[1]
      t.ok(expected === undefined ? isGood : Number(expected) === status, `${title}: ${status} ${body}`)
      if (title.includes('livemode')) t.match(JSON.parse(body), { livemode: false })
      else if (isGood) t.match(JSON.parse(body), { livemode: true })
      else t.match(JSON.parse(body), { error: { code: String, request_id: /^req_/ } })
    }
  })

  await t.test('200, 401, 403 and the sandbox are all there', (t) => {
    const titles = lines.filter((line) => line.startsWith('# ')).join('\n')
    for (const wanted of [/^# 200/m, /^# 401/m, /^# 403/m, /sandbox.*"livemode": false/])
      t.match(titles, wanted)
    t.end()
  })

  await t.test('what the upstream sees is shown, without a credential', async (t) => {
    const before = running.stdout().length
    const [line = ''] = curls
    await runCurlLine(line)
    await until(() => running.stdout().length > before)
    const seen = running.stdout().slice(before)
    t.match(seen, /x-merchant-id/i)
    t.notMatch(seen, /pk_live_/)
  })

  await t.test(
    'an edit of the table that it names is in force within a second; a faulty one is told, and is not',
    async (t) => {
      const [, table = ''] =
        /^table +(\S+)\n +edit it: in force within a second/m.exec(running.stdout()) ?? []
      t.equal(table, join(folder, 'permissions', 'flintn.yaml'))
      const before = readFileSync(table, 'utf8')
      t.teardown(() => writeFileSync(table, before))
      const told = () => running.stdout().split('\nready\n')[1] ?? ''
      writeFileSync(
        table,
        before.replace(/^ {2}GET +\/v1\/status: +public$/m, '  GET /v1/status: transaction.read'),
      )
      await until(() => told().includes('your edit is in force (table '))
      const [status = ''] = curls.filter((line) => line.endsWith('/v1/status'))
      t.equal((await runCurlLine(status)).status, 401)
      appendFileSync(table, '\nroots: {}\n')
      await until(() => told().includes('your edit is not in force, what was before goes on:\n'))
      t.match(told(), /flintn\.yaml:\d+:1 +.*roots/)
      t.equal((await runCurlLine(status)).status, 401)
      writeFileSync(table, before)
      await until(() => told().split('your edit is in force').length === 3)
      t.equal((await runCurlLine(status)).status, 200)
    },
  )

  await t.test('the operator and the member of the line for the hub sign in', async (t) => {
    const people = printedPeople(running)
    t.same(Object.keys(people), ['operator', 'member'])
    for (const [kind, person] of Object.entries(people)) {
      const { status, body } = await signIn(person)
      t.equal(status, 200)
      t.match(body, { user: { email: person.email, kind } })
      t.notMatch(readFileSync(join(folder, '.latchkey', 'gateway.log'), 'utf8'), person.password)
    }
  })

  await t.test('the lines for a shell list the keys, and revoke the one that is tried first', async (t) => {
    const { list, revoke, keyId } = shellLines(running)
    const path = `${process.execPath.replace(/\/node$/, '')}:${process.env['PATH']}`
    const shell = (line: string) => run('sh', ['-c', line], { env: { PATH: path } })
    t.match((await shell(list)).stdout, /Old server[^]*Reporting/)
    t.match((await shell(revoke)).stdout, `Key ${keyId} is revoked.`)
    t.equal((await runCurlLine(curls[0] ?? '')).status, 401)
  })

  await t.test(
    'README’s lines lead from nothing to a request with a token, also one that is bound',
    async (t) => {
      const [made, plain, bound] = await tryReadme({
        ...{
          hub: `http://localhost:${ports.get('CONTROL_PORT')}`,
          gatewayPort: ports.get('GATEWAY_PORT') ?? 0,
        },
        adminToken: /^export LATCHKEY_ADMIN_TOKEN=(\S+)/m.exec(running.stdout())?.[1] ?? '',
        person: printedPeople(running)['member'] ?? { email: '', password: '' },
      })
      t.same(made, [])
      for (const [lines, type] of [
        [plain, 'bearer'],
        [bound, 'dpop'],
      ] as const) {
        t.match(lines, [
          ...[/^open http/, new RegExp(`^token: ${type}, for 900 s, may document.read document.search`)],
          ...[/ with it: 200 /, / after a refresh: 200 /, / is revoked: 401 /],
        ])
      }
    },
  )

  await t.test('it says where its data lies, and how to remove it', (t) => {
    const [, text = ''] = /^data +(.*)$/m.exec(running.stdout()) ?? []
    const folders = text.split(' and ')
    for (const one of folders) t.ok(existsSync(one), one)
    t.equal(folders[0], join(folder, '.latchkey'))
    t.match(running.stdout(), `rm -r ${folders.join(' ')}`)
    t.end()
  })

  await t.test('control plane and health are where it says', async (t) => {
    t.match(await probe(ports.get('CONTROL_PORT') ?? 0), {
      status: 200,
      body: { status: 'ok', redis: 'none' },
    })
  })

  await t.test('SIGINT ends it with 0, and no process is left', async (t) => {
    t.ok(pids.length >= 5, 'four upstreams and Postgres')
    running.child.kill('SIGINT')
    t.same(await running.ended, { code: 0, signal: null })
    t.same(
      pids.filter((pid) => inspectProcess(pid) !== undefined),
      [],
    )
    for (const [name, port] of ports) t.notOk(await isOpen(port), name)
  })
})

t.test(
  'a second start goes on with the merchant and the keys, and with new secrets; --fresh begins anew',
  async (t) => {
    const seen: {
      readonly id: string
      readonly merchant: string
      readonly secrets: readonly string[]
      readonly people: Readonly<Record<string, Person>>
    }[] = []
    for (const words of [[], [], ['--fresh']]) {
      const running = startDemo(t, ...words)
      await untilDemoReady(running)
      const token = /LATCHKEY_ADMIN_TOKEN=(\S+)/.exec(running.stdout())?.[1] ?? ''
      const { keyId: id } = shellLines(running)
      const url = `http://127.0.0.1:${ports.get('CONTROL_PORT')}/admin/v1`
      const headers = { authorization: `Bearer ${token}` }
      const key = { ...Object(await (await fetch(`${url}/keys/${id}`, { headers })).json()) }
      const { data } = { ...Object(await (await fetch(`${url}/merchants`, { headers })).json()) }
      t.equal(data.length, 1, 'one merchant, whichever start it is')
      const { data: all } = { ...Object(await (await fetch(`${url}/keys`, { headers })).json()) }
      t.equal(all.length, seen.length === 2 ? 5 : 6, 'the one that was revoked by hand, and a new one for it')
      for (const line of running.stdout().match(/^curl .*$/gm) ?? []) {
        const title =
          running
            .stdout()
            .split('\n')
            .at(running.stdout().split('\n').indexOf(line) - 1) ?? ''
        const expected = /^# (\d{3})/.exec(title)?.[1]
        if (expected !== undefined) t.equal((await runCurlLine(line)).status, Number(expected), title)
      }
      const people = printedPeople(running)
      for (const person of Object.values(people)) t.equal((await signIn(person)).status, 200)
      const last = seen.at(-1)
      if (last !== undefined) {
        t.equal((await signIn(last.people['operator'])).status, 401, 'nor does its password')
        const [line = ''] = running.stdout().match(/^curl .*X-Api-Key.*$/m) ?? []
        const old = line.replace(/X-Api-Key: \S+?'/, `X-Api-Key: ${last.secrets[0]}'`)
        t.equal((await runCurlLine(old)).status, 401, 'the secret of the start before works no more')
      }
      seen.push({ id, merchant: String(key.merchant_id), secrets: printedSecrets(running), people })
      running.child.kill('SIGINT')
      t.same(await running.ended, { code: 0, signal: null })
    }
    const [first, second, fresh] = seen
    t.equal(second?.id, first?.id)
    t.equal(second?.merchant, first?.merchant)
    t.not(fresh?.merchant, first?.merchant)
  },
)

t.test('after a SIGKILL a second run starts cleanly, and leaves nothing of the first', async (t) => {
  const first = startDemo(t)
  await untilDemoReady(first)
  const left = descendants(first.pid)
  first.child.kill('SIGKILL')
  await first.ended
  const second = startDemo(t)
  await untilDemoReady(second)
  await untilGone(left)
  const line = second.stdout().match(/^curl .*$/m)?.[0] ?? ''
  t.equal((await runCurlLine(line)).status, 200)
  const pids = descendants(second.pid)
  second.child.kill('SIGTERM')
  t.same(await second.ended, { code: 0, signal: null })
  await untilGone(pids)
})

t.test('a port that is taken is named, and nothing is left running', async (t) => {
  const port = ports.get('CONTROL_PORT') ?? 0
  const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
  await once(other, 'listening')
  // By the time that it finds out, Postgres and the sample upstreams are up.
  const running = startDemo(t)
  t.same(await running.ended, { code: 1, signal: null })
  await new Promise((resolve) => other.close(resolve))
  t.match(running.stderr(), new RegExp(`^error: 127\\.0\\.0\\.1:${port} is in use .*control\\.port`))
  t.notMatch(running.stdout(), /^ready$/m)
  for (const [name, port] of ports) t.notOk(await isOpen(port), name)
})
