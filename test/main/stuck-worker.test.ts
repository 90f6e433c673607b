// A worker that is stuck hears no signal; neither an end nor a replacement may wait for it for ever.

import t from 'tap'
import { startFleet, until } from './fleet.ts'

t.setTimeout(240_000)

t.test('a stuck worker is ended by force', async (t) => {
  const [stopped, rolled] = await Promise.all([startFleet(t), startFleet(t)])
  const before = rolled.workers()
  for (const fleet of [stopped, rolled]) process.kill(fleet.workers()[0] ?? 0, 'SIGSTOP')
  rolled.running.child.kill('SIGUSR2')
  const children = stopped.workers()
  t.equal(await stopped.running.stop(), 0, 'when all are to end')
  for (const pid of children) t.throws(() => process.kill(pid, 0), 'no process is left')
  t.ok(await until(() => rolled.running.output().includes('Workers replaced')), 'when it is to be replaced')
  t.notOk(rolled.workers().some((pid) => before.includes(pid)))
  t.equal(await rolled.ask(), 200)
})
