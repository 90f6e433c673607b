// Refusals wait for their turn; whom they wait for, and who never does.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { createPacer } from '../../../src/decision/pacing.ts'
import { boundStrangers, type Strangers } from '../../../src/decision/strangers.ts'
import { type Denial, deny } from '../../../src/errors/denial.ts'
import type { Access } from '../../../src/gateway/access.ts'
import { refuseInTurn } from '../../../src/gateway/exchange/in-turn.ts'
import { refuse } from '../../../src/gateway/exchange/refuse.ts'
import { whenClosed } from '../../../src/gateway/listener/closing.ts'
import { until } from '../upstream/asked.ts'
import { accessOf, headOf, loadDemo, principalOf } from '../subject.ts'

const config = await loadDemo()
const malformed = deny('INVALID_API_KEY', 'malformed')

/** Paces that let `burst` go, and the others when time goes on. */
function slowStrangers(t: Test, burst: number) {
  const clock = { at: 0 }
  const pace = { perSecond: 1_000, burst, mostHeld: 100, tickMs: 1 }
  const held = { count: 0 }
  const pacer = createPacer(
    pace,
    () => clock.at,
    () => held.count++,
  )
  const { misses } = boundStrangers(
    config.settings.gateway.limits,
    () => 0,
    () => {},
  )
  const goOn = () => {
    const moving = setInterval(() => (clock.at += 10), 1)
    t.teardown(() => clearInterval(moving))
  }
  return { goOn, held, strangers: { misses, pacers: { asked: pacer, unasked: pacer } } satisfies Strangers }
}

/** A server that refuses as `denialOf` says, in its turn, and lets in what it gives nothing for. */
async function serve(
  t: Test,
  strangers: Strangers,
  denialOf: (target: string) => { denial?: Denial; of?: Partial<Access> },
) {
  const seen: Access[] = []
  const concludeInTurn = refuseInTurn(
    { strangers, monotonicNow: () => performance.now() },
    (access, denial) => {
      if (denial !== undefined) return refuse(access, denial)
      access.isLetThrough = true
      access.reply.end('ok')
    },
  )
  const server = createServer((raw: IncomingMessage, reply) => {
    const { denial, of } = denialOf(raw.url ?? '')
    const access: Access = { ...accessOf(config), raw, reply, head: headOf(raw), ...of }
    seen.push(access)
    whenClosed(access, () => {})
    concludeInTurn(access, denial)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const open = () => {
    const socket = connect(Object(server.address()).port, '127.0.0.1')
    let received = ''
    socket.on('data', (bytes) => (received += bytes.toString('latin1')))
    return {
      socket,
      ask: (target: string) => void socket.write(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`),
      answers: () => received.match(/HTTP\/1\.1 \d+/g)?.length ?? 0,
    }
  }
  return { open, seen }
}

t.test('who has no key waits when many are refused, and who is let in does not', async (t) => {
  const { goOn, held, strangers } = slowStrangers(t, 2)
  const { open, seen } = await serve(t, strangers, (target) =>
    target === '/in' ? {} : { denial: malformed },
  )
  const clients = Array.from({ length: 6 }, open)
  for (const { ask } of clients) ask('/junk')
  await until(() => seen.length === 6)
  await until(() => clients.filter(({ answers }) => answers() === 1).length === 2)
  t.equal(held.count, 4)
  const waiting = seen.filter(({ status }) => status === 0)
  t.equal(waiting.length, 4)
  t.ok(
    waiting.every(({ denial, heldSince }) => denial === malformed && heldSince > 0),
    'noted as what it is',
  )
  const customer = open()
  customer.ask('/in')
  await until(() => customer.answers() === 1)
  t.equal(held.count, 4)
  goOn()
  await until(() => clients.every(({ answers }) => answers() === 1))
  t.ok(seen.filter(({ heldMs }) => heldMs > 0).length === 4)
})

t.test('a slip on a connection that a key was let in on is answered at once; a guess is not', async (t) => {
  const { goOn, held, strangers } = slowStrangers(t, 1)
  const principal = principalOf()
  const { open } = await serve(t, strangers, (target) => {
    if (target === '/in') return { of: { principal } }
    if (target === '/open') return {}
    return { denial: target === '/guess' ? deny('INVALID_API_KEY', 'unknown') : malformed }
  })
  const stranger = open()
  stranger.ask('/open')
  await until(() => stranger.answers() === 1)
  stranger.ask('/junk')
  await until(() => stranger.answers() === 2)
  stranger.ask('/junk')
  await until(() => held.count === 1)
  const customer = open()
  customer.ask('/in')
  await until(() => customer.answers() === 1)
  for (let i = 0; i < 5; i++) {
    customer.ask('/junk')
    await until(() => customer.answers() === 2 + i)
  }
  t.equal(held.count, 1, 'a public route alone makes nobody a customer')
  customer.ask('/guess')
  await until(() => held.count === 2)
  t.equal(customer.answers(), 6)
  goOn()
  await until(() => customer.answers() === 7 && stranger.answers() === 3)
})

t.test('behind a proxy a connection tells nothing of a client', async (t) => {
  const { goOn, held, strangers } = slowStrangers(t, 1)
  const principal = principalOf()
  const { open } = await serve(t, strangers, (target) =>
    target === '/in'
      ? { of: { principal, isPeerTrusted: true } }
      : { denial: malformed, of: { isPeerTrusted: true } },
  )
  const proxy = open()
  proxy.ask('/in')
  await until(() => proxy.answers() === 1)
  proxy.ask('/junk')
  await until(() => proxy.answers() === 2)
  proxy.ask('/junk')
  await until(() => held.count === 1)
  goOn()
  await until(() => proxy.answers() === 3)
})

t.test('who does not wait for a refusal gets none', async (t) => {
  const { goOn, held, strangers } = slowStrangers(t, 1)
  const { open, seen } = await serve(t, strangers, () => ({ denial: malformed }))
  const [first, second] = [open(), open()]
  first.ask('/junk')
  await until(() => first.answers() === 1)
  second.ask('/junk')
  await until(() => held.count === 1)
  second.socket.destroy()
  const left = seen[1]
  await until(() => left?.raw.socket.destroyed === true)
  goOn()
  await until(() => left?.heldSince === 0)
  t.equal(left?.denial, malformed)
})
