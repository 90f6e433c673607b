// A log that cannot be written: requests go on, lines are dropped and counted, `/readyz` says so, and the process ends as
// it should. When there is room again, the log goes on with whole lines and says how many are missing.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { Agent, request as httpRequest, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test as TapTest } from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { mainProgram } from '../support/process.ts'
import { startUpstream } from '../support/upstream.ts'
import { canHaveOwnDisk, type FillingDisk, limitedFile, ownDisk } from './filling-disk.ts'
import { freePort } from './fleet.ts'
import { probe, secrets, until, writeConfig } from './process.ts'
import { makeUnreadPipe, type UnreadPipe } from './unread.ts'

t.setTimeout(300_000)

type Test = Parameters<typeof createEmptyDatabase>[0] & Parameters<typeof writeConfig>[0]
type Output = number | 'ignore' | 'pipe'

interface Subject {
  readonly pid: number
  readonly control: number
  /** Statuses of so many requests, each with how often it came. */
  ask(count: number): Promise<Record<string, number>>
  /** Asks for what is nowhere, which is quick and logged too, until lines are dropped. */
  askUntilDropping(): Promise<void>
  dropped(): Promise<number>
  /** What `/readyz` says about the log, with the status. */
  told(): Promise<string>
  /** SIGTERM, then how it ended; a process that does not end within a minute has not. */
  stop(): Promise<unknown>
}

async function start(
  t: Test,
  out: Output,
  more: { words?: string[]; err?: Output; env?: NodeJS.ProcessEnv } = {},
) {
  const upstream = await startUpstream()
  t.teardown(() => upstream.close())
  const [gateway, control] = [await freePort(), await freePort()]
  const { url } = await createEmptyDatabase(t)
  const places = { postgres: url, upstream: upstream.url, gatewayPort: gateway, controlPort: control }
  const words = ['start', '--config', await writeConfig(t, places), ...(more.words ?? [])]
  // What measures coverage would come along, and ask for standard output as the program itself does not.
  const command = ['-c', 'unset NODE_OPTIONS; exec "$0" "$@"', process.execPath, mainProgram, ...words]
  const child = spawn('sh', command, {
    stdio: ['ignore', out, more.err ?? 'ignore'],
    env: { PATH: process.env['PATH'], ...secrets, ...more.env },
  })
  const exit = once(child, 'exit')
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exit
  })
  await until(async () => child.exitCode !== null || (await probe(control)).status === 200)
  return subject(child.pid ?? 0, { gateway, control, exit })
}

function subject(
  pid: number,
  { gateway, control, exit }: { gateway: number; control: number; exit: Promise<unknown[]> },
): Subject {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const one = () => statusOf({ port: gateway, path: '/v1/open', agent, headers: { host: 'api.example.com' } })
  const ask = async (count: number) => {
    const seen: Record<string, number> = {}
    for (const status of await Promise.all(Array.from({ length: count }, one))) {
      seen[status] = (seen[status] ?? 0) + 1
    }
    return seen
  }
  const dropped = async () => {
    const text = await (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
    return Number(/^latchkey_log_lines_dropped_total (\d+)$/m.exec(text)?.[1])
  }
  return {
    pid,
    control,
    ask,
    dropped,
    async askUntilDropping() {
      for (let round = 0; !((await dropped()) > 0); round++) {
        if (round === 200) throw new Error('no line was dropped')
        const counts = await Promise.all(Array.from({ length: 8 }, () => askManyAtOnce(gateway)))
        if (counts.some((count) => count !== atOnce)) throw new Error(`answers: ${counts.join()}`)
      }
    },
    async told() {
      const { status, body } = await probe(control)
      return `${status} ${String(body['status'])} ${String(body['log'])}`
    },
    stop() {
      process.kill(pid, 'SIGTERM')
      return Promise.race([exit, sleep(60_000, ['it has not ended'], { ref: false })])
    },
  }
}

const atOnce = 200

/** How many refusals of so many requests for an unknown host come back, on one connection. */
async function askManyAtOnce(port: number): Promise<number> {
  const one = 'GET / HTTP/1.1\r\nHost: nobody.example.com\r\n'
  const socket = connect(port, '127.0.0.1')
  // Its side stays open: whoever ends it has left, and is not told what waits for its turn.
  socket.write(`${`${one}\r\n`.repeat(atOnce - 1)}${one}Connection: close\r\n\r\n`)
  return (await text(socket)).split('HTTP/1.1 421 ').length - 1
}

function statusOf(options: RequestOptions): Promise<string> {
  return new Promise((resolve) => {
    httpRequest(options, (response) => {
      response.resume().once('end', () => resolve(String(response.statusCode)))
    })
      .once('error', (error) => resolve(error.message))
      .end()
  })
}

/** Each line as JSON; throws where one is none. */
function entriesOf(log: string): Record<string, unknown>[] {
  return log
    .split('\n')
    .slice(0, -1)
    .map((line) => ({ ...Object(JSON.parse(line)) }))
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

/** How many lines the log itself says are missing. */
function missingIn(entries: readonly Record<string, unknown>[]): number {
  return entries
    .filter(({ msg }) => msg === 'Lines of the log were lost here')
    .reduce((sum, { lines }) => sum + Number(lines), 0)
}

const untilWell = (subject: Subject) => until(async () => (await subject.told()) === '200 ok undefined')
const untilDropping = (subject: Subject) =>
  until(async () => (await subject.told()) === '200 degraded dropping')

/** Lets everything be read, until `isEnough` of it. */
async function readUntil(pipe: UnreadPipe, isEnough: (log: string) => boolean): Promise<string> {
  let log = ''
  await until(() => {
    log += pipe.read()
    return isEnough(log)
  })
  return log
}

t.test('a full disk', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const subject = await start(t, full)
  t.same(await subject.ask(50), { 200: 50 })
  await untilDropping(subject)
  t.ok((await subject.dropped()) > 0)
  t.same(await subject.stop(), [0, null])
})

for (const words of [[], ['--workers', '2']]) {
  t.test(`a pipe that nobody reads, ${words.join(' ')}`, async (t) => {
    const pipe = await makeUnreadPipe(t)
    const subject = await start(t, pipe.writeEnd, { words })
    const flags = Number.parseInt(
      /flags:\s+(\d+)/.exec(readFileSync(`/proc/${subject.pid}/fdinfo/1`, 'utf8'))?.[1] ?? '',
      8,
    )
    t.equal(flags & 0o4000, 0, 'what other programs have too still waits for its reader')
    await subject.askUntilDropping()
    await untilDropping(subject)
    t.same(await subject.ask(300), { 200: 300 }, 'it goes on')
    t.ok((await subject.dropped()) > 0)
    let log = ''
    await t.test('when it is read again, lines are whole, and what is missing is told', async (t) => {
      await until(async () => {
        log += pipe.read()
        return (await subject.told()) === '200 ok undefined'
      })
      t.same(await subject.ask(10), { 200: 10 })
      const count = (entries: object[]) => entries.filter((entry) => Object(entry).msg === 'request').length
      const before = count(entriesOf(log))
      // What has been read may end in the midst of a line.
      log += await readUntil(pipe, (more) => count(entriesOf(log + more)) >= before + 10)
      t.ok(before > 100)
      t.equal(missingIn(entriesOf(log)), await subject.dropped())
    })
    t.same(await subject.stop(), [0, null])
  })

  t.test(`a pipe that nobody reads does not keep a process from ending, ${words.join(' ')}`, async (t) => {
    const pipe = await makeUnreadPipe(t)
    const subject = await start(t, pipe.writeEnd, { words })
    await subject.askUntilDropping()
    t.same(await subject.stop(), [0, null])
  })
}

t.test('a socket that nobody reads, as a service has for its output', async (t) => {
  const subject = await start(t, 'pipe')
  await subject.askUntilDropping()
  await untilDropping(subject)
  t.same(await subject.stop(), [0, null])
})

t.test('a reader that has gone, and another one that comes', async (t) => {
  const pipe = await makeUnreadPipe(t)
  const subject = await start(t, pipe.writeEnd)
  const begun = entriesOf(await readUntil(pipe, (log) => log.includes('"msg":"ready"')))
  t.ok(begun.length > 0)
  pipe.leave()
  t.same(await subject.ask(50), { 200: 50 })
  await untilDropping(subject)
  const dropped = await subject.dropped()
  t.ok(dropped >= 50)
  pipe.comeBack()
  await untilWell(subject)
  const log = await readUntil(pipe, (all) => all.endsWith('\n'))
  t.match(entriesOf(log), [{ level: 'warn', lines: dropped, msg: 'Lines of the log were lost here' }])
  pipe.leave()
  t.same(await subject.stop(), [0, null])
})

t.test('standard output is closed', async (t) => {
  const subject = await start(t, 'ignore')
  t.same(await subject.ask(50), { 200: 50 })
  t.equal(await subject.told(), '200 ok undefined')
  t.same(await subject.stop(), [0, null])
})

async function fillForAWhile(t: TapTest, disk: FillingDisk, words: string[]): Promise<void> {
  const log = openSync(disk.file, 'a')
  const subject = await start(t, log, { words })
  closeSync(log)
  t.same(await subject.ask(100), { 200: 100 })
  disk.fill(subject.pid)
  await subject.askUntilDropping()
  await untilDropping(subject)
  disk.makeRoom()
  await untilWell(subject)
  t.same(await subject.ask(100), { 200: 100 })
  const dropped = await subject.dropped()
  t.same(await subject.stop(), [0, null])
  const lines = readFileSync(disk.file, 'utf8').split('\n').slice(0, -1)
  const whole = lines.filter(isJson)
  // The disk may have been full in the middle of a line, and another process' line have come behind it.
  const broken = lines.length - whole.length
  t.ok(broken <= (words.length === 0 ? 0 : 2), `${broken} lines are broken`)
  const entries = entriesOf(whole.map((line) => `${line}\n`).join(''))
  if (broken === 0) t.equal(missingIn(entries), dropped)
  t.ok(missingIn(entries) <= dropped)
  t.match(entries.at(-1), { msg: 'stopped' })
}

const disks: readonly (readonly [string, (t: TapTest) => Promise<FillingDisk>])[] = [
  ['a file that may not grow for a while', limitedFile],
  // Besides, for who may have one.
  ...(canHaveOwnDisk() ? [['a disk that is full for a while', ownDisk] as const] : []),
]
for (const [name, make] of disks)
  for (const words of [[], ['--workers', '2']])
    t.test(`${name}, ${words.join(' ')}`, async (t) => fillForAWhile(t, await make(t), words))

t.test('standard error on a full disk', async (t) => {
  const full = openSync('/dev/full', 'w')
  t.teardown(() => closeSync(full))
  const env = { LATCHKEY_CACHE_KEY: 'short' }
  const subject = await start(t, 'ignore', { err: full, env })
  t.same(await subject.ask(10), { 200: 10 }, 'a warning that cannot be told is no reason to end')
  t.same(await subject.stop(), [0, null])
})

t.test('a start that fails ends, though nobody reads why', async (t) => {
  const pipe = await makeUnreadPipe(t)
  const filler = spawn('sh', ['-c', 'head -c 65536 /dev/zero'], {
    stdio: ['ignore', pipe.writeEnd, 'ignore'],
  })
  await once(filler, 'exit')
  const child = spawn(process.execPath, [mainProgram, 'start', '--config', '/nowhere'], {
    stdio: ['ignore', 'ignore', pipe.writeEnd],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  const [code] = await once(child, 'exit')
  t.equal(code, 2)
})
