import t from 'tap'
import { createWrongTokens } from '../../src/control/wrong-tokens.ts'
import { createSubject } from './subject.ts'

function subjectOf() {
  const clock = { nowMs: 0 }
  const told: [string, number][] = []
  const held: (() => void)[] = []
  const wrong = createWrongTokens({
    monotonicNow: () => clock.nowMs,
    persistent: (address, count) => told.push([address, count]),
    wait: (milliseconds) => new Promise<void>((resolve) => void (milliseconds === 200 && held.push(resolve))),
  })
  return { clock, told, held, wrong }
}

void t.test('a few in a minute are slips; then each is held, and the address is told of once', async (t) => {
  const { clock, told, held, wrong } = subjectOf()
  for (let index = 0; index < 10; index++) t.equal(await wrong.add('a'), false)
  t.same(told, [])
  const eleventh = wrong.add('a')
  t.equal(held.length, 1)
  t.equal(await wrong.add('b'), false, 'another address')
  held[0]?.()
  t.equal(await eleventh, true)
  void wrong.add('a')
  t.same(told, [['a', 11]])
  clock.nowMs = 60_000
  t.equal(await wrong.add('a'), false, 'another minute')
})

void t.test('holding has a bound: beyond it the answer is at once, and ends the connection', async (t) => {
  const { held, wrong } = subjectOf()
  for (let index = 0; index < 10; index++) await wrong.add('a')
  const all = Array.from({ length: 200 }, () => wrong.add('a'))
  t.equal(held.length, 200)
  t.equal(await wrong.add('a'), true)
  t.equal(held.length, 200)
  for (const release of held) release()
  t.same(new Set(await Promise.all(all)), new Set([true]))
  void wrong.add('a')
  t.equal(held.length, 201)
})

void t.test('no more addresses are remembered than may be', async (t) => {
  const { held, wrong } = subjectOf()
  for (let index = 0; index < 11; index++) void wrong.add('first')
  t.equal(held.length, 1)
  for (let index = 0; index < 10_000; index++) await wrong.add(`address-${index}`)
  t.equal(await wrong.add('first'), false)
})

void t.test(
  'wrong tokens are counted and logged with their address; a right one passes meanwhile',
  async (t) => {
    const refused: string[] = []
    const subject = await createSubject(t, { refused: (reason) => refused.push(reason) })
    const order: string[] = []
    const wrong = async (index: number) => {
      const headers = { authorization: `Bearer ${'x'.repeat(40)}${index}` }
      const { statusCode, headers: answer } = await subject.app.inject({ url: '/admin/v1/keys', headers })
      order.push(`wrong ${statusCode} ${String(answer['connection'] ?? '')}`)
    }
    for (let index = 0; index < 10; index++) await wrong(index)
    const held = Promise.all([wrong(10), wrong(11)])
    for (let index = 0; index < 10; index++) {
      t.equal((await subject.call('GET', '/keys')).status, 200)
      order.push('right')
    }
    await held
    // Not in which order: the machine may stand still for longer than one is held.
    t.same(order.slice(10).toSorted(), [
      ...Array.from({ length: 10 }, () => 'right'),
      'wrong 401 close',
      'wrong 401 close',
    ])
    t.same(
      refused,
      Array.from({ length: 12 }, () => 'admin_token_wrong'),
    )
    const lines = subject.logged.map((line) => JSON.parse(line) as Record<string, unknown>)
    t.match(
      lines.filter(({ level }) => level === 40),
      [{ client: '127.0.0.1', count: 11, msg: /wrong admin tokens/ }],
    )
    t.match(
      lines.find(({ reason }) => reason === 'admin_token_wrong'),
      { client: '127.0.0.1', status: 401 },
    )
    t.notMatch(subject.logged.join(''), 'xxxxxxxxxx')
  },
)
