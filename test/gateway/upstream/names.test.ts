// What is known of names. The system's look-up is the test's own, so that one can be slow; what a really slow name does
// to the whole program is held by test/wire/slow-names.test.ts.

import { once } from 'node:events'
import type { LookupAddress } from 'node:dns'
import { createServer, type Socket } from 'node:net'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { CircuitOpen } from '../../../src/gateway/upstream/connect-circuit.ts'
import { ConnectTimeout, createConnect } from '../../../src/gateway/upstream/connect.ts'
import {
  againMs,
  type AskSystem,
  createNames,
  deniedMs,
  freshMs,
  keptMs,
  type Names,
  staleMs,
} from '../../../src/gateway/upstream/names.ts'
import { tlsFile } from '../../support/tls.ts'
import { until } from './asked.ts'

const one = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })
const failure = (code: string) => Object.assign(new Error(`getaddrinfo ${code}`), { code })

interface System {
  readonly names: Names
  /** Look-ups under way, in the order in which they began. */
  readonly underWay: { readonly name: string; readonly done: Parameters<AskSystem>[1] }[]
  /** Every look-up that there was. */
  readonly asked: string[]
  /** Ends the look-up of `name` that is under way. */
  answer(name: string, result: Error | readonly string[]): void
  pass(ms: number): void
}

function createSystem(): System {
  let nowMs = 1_000
  const underWay: System['underWay'] = []
  const asked: string[] = []
  const ask: AskSystem = (name, done) => {
    asked.push(name)
    underWay.push({ name, done })
  }
  return {
    names: createNames({ ask, now: () => nowMs }),
    underWay,
    asked,
    answer(name, result) {
      const at = underWay.findIndex((lookup) => lookup.name === name)
      const [lookup] = at === -1 ? [] : underWay.splice(at, 1)
      if (lookup === undefined) throw new Error(`${name} is not looked up`)
      if (result instanceof Error) lookup.done(result, [])
      else lookup.done(null, result.map(one))
    },
    pass(ms) {
      nowMs += ms
    },
  }
}

/** The addresses that a connect gets, or the code of what went wrong. */
function look({ names }: System, name: string): Promise<string> {
  return new Promise((resolve) => {
    names.lookup(name, { all: true }, (error, addresses) => {
      if (error !== null) resolve(error.code ?? error.message)
      else resolve(Array.isArray(addresses) ? addresses.map(({ address }) => address).join(' ') : addresses)
    })
  })
}

/** A wait keeps no process alive by itself. */
function stayAlive(t: Test): void {
  const alive = setInterval(() => {}, 1_000)
  t.teardown(() => clearInterval(alive))
}

/** A system that has answered for `name` just now. */
async function knowing(name: string, addresses: readonly string[]): Promise<System> {
  const system = createSystem()
  const first = look(system, name)
  system.answer(name, addresses)
  await first
  return system
}

t.test('one look-up of a name is under way, whoever waits for it', async (t) => {
  const system = createSystem()
  const all = Array.from({ length: 100 }, () => look(system, 'a.test'))
  t.same(system.asked, ['a.test'])
  system.answer('a.test', ['192.0.2.1'])
  t.same(new Set(await Promise.all(all)), new Set(['192.0.2.1']))
  t.equal(await look(system, 'a.test'), '192.0.2.1')
  t.equal(system.asked.length, 1, 'and what it said is used')
})

t.test('an older answer is used while the name is looked up again, however long that takes', async (t) => {
  const system = await knowing('a.test', ['192.0.2.1'])
  system.pass(freshMs)
  t.equal(await look(system, 'a.test'), '192.0.2.1')
  t.equal(await look(system, 'a.test'), '192.0.2.1')
  t.same(system.asked, ['a.test', 'a.test'])
  system.answer('a.test', ['192.0.2.2'])
  t.equal(await look(system, 'a.test'), '192.0.2.2', 'a name that moved is noticed')
})

t.test('after a pause the new answer is waited for, a moment', async (t) => {
  stayAlive(t)
  const system = await knowing('a.test', ['192.0.2.1'])
  system.pass(staleMs)
  const fresh = look(system, 'a.test')
  system.answer('a.test', ['192.0.2.2'])
  t.equal(await fresh, '192.0.2.2')
  system.pass(staleMs)
  t.equal(await look(system, 'a.test'), '192.0.2.2', 'and not longer: the last one serves')
  t.equal(system.underWay.length, 1)
})

t.test('the last answer outlives look-ups that fail, but not for ever', async (t) => {
  for (const [code, lastsMs] of [
    ['EAI_AGAIN', keptMs],
    ['ENOTFOUND', deniedMs],
  ] as const) {
    const system = await knowing('a.test', ['192.0.2.1'])
    const again = async () => {
      const got = look(system, 'a.test')
      if (system.underWay.length > 0) system.answer('a.test', failure(code))
      return got
    }
    system.pass(freshMs)
    t.equal(await again(), '192.0.2.1', code)
    system.pass(lastsMs - freshMs - againMs)
    t.equal(await again(), '192.0.2.1', code)
    system.pass(againMs)
    t.equal(await again(), code)
    const asked = system.asked.length
    t.equal(await again(), code)
    t.equal(system.asked.length, asked, 'a failure is not asked for again at once')
    system.pass(againMs)
    const back = look(system, 'a.test')
    system.answer('a.test', ['192.0.2.3'])
    t.equal(await back, '192.0.2.3')
  }
})

t.test('a name at whose addresses nobody answers is looked up again', async (t) => {
  const system = await knowing('a.test', ['192.0.2.1'])
  system.pass(againMs)
  system.names.doubt('a.test')
  t.equal(system.asked.length, 2)
  const next = look(system, 'a.test')
  system.answer('a.test', ['192.0.2.2'])
  t.equal(await next, '192.0.2.2')
  for (let i = 0; i < 10; i++) system.names.doubt('a.test')
  t.equal(system.underWay.length, 0, 'but not more than once a second')
})

t.test('slow names leave a thread to the others', async (t) => {
  const system = createSystem()
  const slow = Array.from({ length: 8 }, (_, i) => `slow${i}.test`)
  const first = slow.map((name) => look(system, name))
  t.equal(system.underWay.length, 2, 'never more than two at once')
  // Real time: a look-up is slow while it is still under way.
  await sleep(1_100)
  while (system.underWay.length > 0) {
    system.pass(5_000)
    system.answer(system.underWay[0]?.name ?? '', failure('EAI_AGAIN'))
  }
  t.same(new Set(await Promise.all(first)), new Set(['EAI_AGAIN']))

  system.pass(againMs)
  void slow.map((name) => look(system, name))
  t.equal(system.underWay.length, 1, 'known to be slow, they take turns')
  const other = look(system, 'quick.test')
  system.answer('quick.test', ['192.0.2.1'])
  t.equal(await other, '192.0.2.1', 'and who is not known yet need not wait for them')
  for (const _ of slow) system.answer(system.underWay[0]?.name ?? '', ['192.0.2.9'])
  t.equal(await look(system, 'slow7.test'), '192.0.2.9', 'each has its turn')
})

t.test('a known name is used while every thread is taken', async (t) => {
  stayAlive(t)
  const system = await knowing('known.test', ['192.0.2.1'])
  void look(system, 'slow0.test')
  void look(system, 'slow1.test')
  system.pass(freshMs)
  t.equal(await look(system, 'known.test'), '192.0.2.1')
  system.pass(staleMs)
  t.equal(await look(system, 'known.test'), '192.0.2.1')
  t.notOk(system.underWay.some(({ name }) => name === 'known.test'))
})

t.test('addresses of the first family take turns', async (t) => {
  const system = await knowing('a.test', ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  const orders = [await look(system, 'a.test'), await look(system, 'a.test')]
  t.same(new Set(orders), new Set(['192.0.2.1 192.0.2.2 2001:db8::1', '192.0.2.2 192.0.2.1 2001:db8::1']))
})

async function listen(t: Test): Promise<number> {
  const server = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return Object(server.address()).port
}

function connected(origin: string, names: Names): Promise<Error | Socket> {
  const connect = createConnect({ origin, timeoutMs: 200, certificates: {}, names })
  const onread = { buffer: Buffer.alloc(1024), callback: () => true }
  return new Promise((resolve) => {
    connect(onread, (error, socket) => resolve(error ?? socket ?? new Error('neither')))
  })
}

t.test(
  'a connection is made to what is known, with one address or several, over whichever works',
  async (t) => {
    const port = await listen(t)
    for (const addresses of [['127.0.0.1'], ['::1', '127.0.0.1']]) {
      const system = await knowing('a.test', addresses)
      const socket = await connected(`http://a.test:${port}`, system.names)
      if (socket instanceof Error) throw socket
      t.equal(socket.remoteAddress, '127.0.0.1')
      socket.destroy()
    }
  },
)

t.test('over TLS the certificate is held against the name, whatever it resolves to', async (t) => {
  const identity = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) }
  const server = createTlsServer(identity, (socket) => void socket.on('error', () => {})).listen(
    0,
    '127.0.0.1',
  )
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const { port } = Object(server.address())
  for (const [name, isRight] of [
    ['api.flintn.com', true],
    ['other.flintn.com', false],
  ] as const) {
    const system = await knowing(name, ['127.0.0.1'])
    const connect = createConnect({
      origin: `https://${name}:${port}`,
      timeoutMs: 5_000,
      certificates: { ca: readFileSync(tlsFile('ca.pem')) },
      names: system.names,
    })
    const onread = { buffer: Buffer.alloc(1024), callback: () => true }
    const error = await new Promise<Error | null>((resolve) => {
      connect(onread, (reason, socket) => {
        socket?.destroy()
        resolve(reason)
      })
    })
    if (isRight) t.equal(error, null)
    else t.match(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
  }
})

t.test('the time to connect covers the look-up, and what it says later is kept', async (t) => {
  const port = await listen(t)
  const system = createSystem()
  const late = await connected(`http://a.test:${port}`, system.names)
  t.type(late, ConnectTimeout)
  t.match(late, { reason: 'name_timeout' })
  system.answer('a.test', ['127.0.0.1'])
  const socket = await connected(`http://a.test:${port}`, system.names)
  if (socket instanceof Error) throw socket
  socket.destroy()
  t.equal(system.asked.length, 1)
})

t.test('an address that refuses makes its name doubtful; an address needs no look-up', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = Object(server.address())
  await new Promise((resolve) => server.close(resolve))
  const system = await knowing('a.test', ['127.0.0.1'])
  system.pass(againMs)
  t.match(await connected(`http://a.test:${port}`, system.names), { code: 'ECONNREFUSED' })
  await until(() => system.asked.length === 2)
  t.match(await connected(`http://127.0.0.1:${port}`, system.names), { code: 'ECONNREFUSED' })
  t.equal(system.asked.length, 2)
})

t.test('names are inside the circuit: five that no name server tells open it', async (t) => {
  const system = createSystem()
  const connect = createConnect({
    origin: 'http://a.test',
    timeoutMs: 5_000,
    certificates: {},
    names: system.names,
  })
  const onread = { buffer: Buffer.alloc(1024), callback: () => true }
  const failed = () => new Promise<Error | null>((resolve) => connect(onread, resolve))
  const five = Array.from({ length: 5 }, failed)
  system.answer('a.test', failure('EAI_AGAIN'))
  for (const error of await Promise.all(five)) t.match(error, { code: 'EAI_AGAIN' })
  t.type(await failed(), CircuitOpen)
  t.equal(system.asked.length, 1)
})
