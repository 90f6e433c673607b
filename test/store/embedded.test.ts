import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import t, { type Test } from 'tap'
import { inspectProcess } from '../../src/store/embedded/process.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/store/embedded.ts'

// As root the data is in a folder of its own, so removing `directory` alone would leave it behind.
function makeDirectory(t: Test): { directory: string; start: () => Promise<EmbeddedPostgres> } {
  const checkout = mkdtempSync(join(tmpdir(), 'latchkey-embedded-'))
  const directory = join(checkout, '.latchkey')
  const homes = new Set<string>()
  t.teardown(() => {
    for (const path of [...homes, checkout]) rmSync(path, { recursive: true, force: true })
  })
  const log = (line: string): void => void homes.add(/data in (\S+?)(,|$)/.exec(line)?.[1] ?? directory)
  return { directory, start: () => startEmbeddedPostgres({ directory, log }) }
}

async function ask(url: string, sql: string): Promise<unknown> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql)
    return rows[0]?.answer
  } finally {
    await client.end()
  }
}

/** Another process that starts the database and then stays, for tests that kill it. */
function startElsewhere(directory: string): ChildProcess {
  const module = new URL('../../src/store/embedded.js', import.meta.url).href
  const program = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)})
    const { url } = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)} })
    process.on('SIGUSR2', () => process.exit(0))
    console.log(url)
    setInterval(() => {}, 1000)`
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk]: unknown[] = await once(child.stdout ?? child, 'data')
  return String(chunk).trim()
}

async function killHard(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

void t.test('the first start makes a UTF8 cluster, a second start finds what was written', async (t) => {
  const { start } = makeDirectory(t)
  const first = await start()
  t.equal(await ask(first.url, "select current_setting('server_encoding') as answer"), 'UTF8')
  await ask(first.url, 'create table kept as select 42 as answer')
  await first.stop()
  await first.stop()
  t.equal(inspectProcess(first.pid), undefined, 'no server is left')

  const second = await start()
  t.equal(await ask(second.url, 'select answer from kept'), 42)
  await second.stop()
})

void t.test('the password is needed, and only our own user can read it', async (t) => {
  const { start } = makeDirectory(t)
  const postgres = await start()
  t.teardown(() => postgres.stop())
  const wrong = new URL(postgres.url)
  wrong.password = 'wrong'
  await t.rejects(ask(wrong.href, 'select 1 as answer'), { code: '28P01' })
  t.equal(statSync(join(postgres.home, 'password')).mode & 0o777, 0o600)
  t.equal(statSync(join(postgres.home, 'data')).mode & 0o777, 0o700)
})

void t.test('the server does not run as root, though it be started by root', async (t) => {
  const { start } = makeDirectory(t)
  const postgres = await start()
  t.teardown(() => postgres.stop())
  t.not(inspectProcess(postgres.pid)?.uid, 0)
  t.equal(statSync(postgres.home).uid, process.getuid?.(), 'what it cannot write to is ours')
})

void t.test('a second start on the same folder is refused and names the process that holds it', async (t) => {
  const { directory, start } = makeDirectory(t)
  const other = startElsewhere(directory)
  await firstLine(other)
  await t.rejects(start(), { message: `process ${other.pid}` })
  await killHard(other)
  const postgres = await start()
  await postgres.stop()
})

void t.test(
  'after a SIGKILL of the program the server left behind is stopped and the next start succeeds',
  async (t) => {
    const { directory, start } = makeDirectory(t)
    const other = startElsewhere(directory)
    const url = await firstLine(other)
    await ask(url, 'create table kept as select 7 as answer')
    await killHard(other)
    t.equal(await ask(url, 'select 1 as answer'), 1, 'the orphan still answers')

    const postgres = await start()
    t.teardown(() => postgres.stop())
    t.not(new URL(postgres.url).port, new URL(url).port)
    await t.rejects(ask(url, 'select 1 as answer'), { code: 'ECONNREFUSED' })
    t.equal(await ask(postgres.url, 'select answer from kept'), 7)
  },
)

void t.test(
  'a stale pid file that names a living stranger neither hurts it nor stops the start',
  async (t) => {
    const { start } = makeDirectory(t)
    const first = await start()
    await first.stop()
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    t.teardown(() => killHard(stranger))
    writeFileSync(join(first.home, 'data', 'postmaster.pid'), `${stranger.pid}\n${first.home}/data\n`)

    const second = await start()
    t.equal(await ask(second.url, 'select 1 as answer'), 1)
    t.ok(inspectProcess(stranger.pid ?? 0), 'the stranger runs on')
    await second.stop()
  },
)

void t.test(
  'a SIGKILL in the middle of the first start leaves nothing that the next start trips over',
  async (t) => {
    const { directory, start } = makeDirectory(t)
    const other = startElsewhere(directory)
    await sleep(500)
    await killHard(other)
    const postgres = await start()
    t.teardown(() => postgres.stop())
    t.equal(await ask(postgres.url, 'select 1 as answer'), 1)
    t.same(
      readdirSync(postgres.home).filter((name) => name.startsWith('unfinished-')),
      [],
    )
  },
)

void t.test('what is unfinished is removed though its orphan still writes to it', async (t) => {
  const { start } = makeDirectory(t)
  const first = await start()
  await first.stop()
  const unfinished = join(first.home, 'unfinished-1')
  const files = `mkdir ${unfinished}; for i in $(seq 20000); do : > ${unfinished}/$i; done`
  const orphan = spawn('sh', ['-c', files], { stdio: 'ignore' })
  t.teardown(() => orphan.kill('SIGKILL'))
  await sleep(50)
  const second = await start()
  t.teardown(() => second.stop())
  t.notOk(existsSync(unfinished))
})

void t.test('the server is stopped when the program leaves without a stop', async (t) => {
  const { directory, start } = makeDirectory(t)
  const other = startElsewhere(directory)
  const url = await firstLine(other)
  const exited = once(other, 'exit')
  other.kill('SIGUSR2')
  await exited
  const isUp = async (): Promise<boolean> => (await ask(url, 'select 1 as answer').catch(() => 0)) === 1
  for (let i = 0; i < 100 && (await isUp()); i++) await sleep(20)
  t.notOk(await isUp())
  const postgres = await start()
  await postgres.stop()
})
