import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { Deadline } from '../../../src/gateway/upstream/deadlines.ts'

/** Notes its name when its time has run out, and does what it was told then. */
class Noted extends Deadline {
  readonly #name: string
  readonly #ended: string[]
  readonly #then: () => void

  constructor(name: string, ended: string[], then: () => void = () => {}) {
    super()
    this.#name = name
    this.#ended = ended
    this.#then = then
  }

  within(milliseconds: number): this {
    this.setDeadline(milliseconds)
    return this
  }

  callOff(): void {
    this.clearDeadline()
  }

  protected override timedOut(): void {
    this.#ended.push(this.#name)
    this.#then()
  }
}

/** Waits until so many have ended. */
async function untilEnded(ended: readonly string[], count: number): Promise<void> {
  while (ended.length < count) await sleep(2)
}

void t.test('what is set runs out once, in order, and not before its time', async (t) => {
  const ended: string[] = []
  const startedAt = performance.now()
  let at = 0
  for (const name of ['a', 'b', 'c']) new Noted(name, ended, () => (at ||= performance.now())).within(30)
  await untilEnded(ended, 3)
  t.same(ended, ['a', 'b', 'c'])
  t.ok(at - startedAt >= 30, 'its time had passed')
  await sleep(50)
  t.equal(ended.length, 3, 'once')
})

void t.test('what is called off does not run out, wherever it stands', async (t) => {
  const ended: string[] = []
  const all = ['first', 'second', 'middle', 'fourth', 'last'].map((name) => new Noted(name, ended).within(20))
  for (const i of [2, 0, 4]) all[i]?.callOff()
  all[2]?.callOff()
  await untilEnded(ended, 2)
  await sleep(30)
  t.same(ended, ['second', 'fourth'])
})

void t.test('a later one is not forgotten when the timer rang for one that was called off', async (t) => {
  const ended: string[] = []
  const early = new Noted('early', ended).within(25)
  await sleep(15)
  new Noted('late', ended).within(25)
  early.callOff()
  await untilEnded(ended, 1)
  t.same(ended, ['late'])
})

void t.test('a queue that was empty is used again', async (t) => {
  const ended: string[] = []
  new Noted('one', ended).within(10).callOff()
  await sleep(30)
  new Noted('two', ended).within(10)
  await untilEnded(ended, 1)
  t.same(ended, ['two'])
})

void t.test('setting it again replaces it, also with another time', async (t) => {
  const ended: string[] = []
  const one = new Noted('one', ended).within(5)
  one.within(40)
  new Noted('other', ended).within(20)
  await untilEnded(ended, 2)
  t.same(ended, ['other', 'one'])
})

void t.test('one that is set by another that ran out puts no third one off', async (t) => {
  const ended: string[] = []
  const again = new Noted('again', ended)
  new Noted('first', ended, () => void again.within(200)).within(200)
  await sleep(20)
  new Noted('second', ended).within(200)
  // Due after the second and before the first one's other turn: timers keep their order on a slow machine, too.
  setTimeout(() => ended.push('a timer between'), 280)
  await untilEnded(ended, 4)
  t.same(ended, ['first', 'second', 'a timer between', 'again'])
})

void t.test('who is told may set, and call off, deadlines of the same queue', async (t) => {
  const ended: string[] = []
  const victim: Noted = new Noted('victim', ended)
  const again: Noted = new Noted('again', ended, () => ended.length < 3 && again.within(15))
  new Noted('first', ended, () => victim.callOff()).within(15)
  victim.within(15)
  again.within(15)
  await untilEnded(ended, 3)
  await sleep(40)
  t.same(ended, ['first', 'again', 'again'])
})

void t.test('what came while the process stood still has come in time', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sender = connect(Object(server.address()).port, '127.0.0.1')
  const [receiver]: Socket[] = await once(server, 'connection')
  t.teardown(() => {
    sender.destroy()
    receiver?.destroy()
    server.close()
  })
  const ended: string[] = []
  const noted = new Noted('late', ended).within(20)
  receiver?.on('data', () => noted.callOff())
  sender.write('x')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
  await once(receiver ?? sender, 'data')
  await sleep(30)
  t.same(ended, [])
})
