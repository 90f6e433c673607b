// Many minutes under load: all kinds of requests, keys that change, and processes, stores and files that come and go.
// Whatever becomes of them, all that was sent is found again in log, metrics and activity, each wrong decision is seen, and
// nothing grows. The long form takes half an hour: `npm run test:faults -- soak`.

import t, { type Test } from 'tap'
import { isLong, note } from './figures.ts'
import { type Fault, startSoaked } from './soak/gateway.ts'
import { createMinutes, type Minute, type MinutePlan } from './soak/minutes.ts'
import { rowOf, tableHead } from './soak/rows.ts'

t.setTimeout(isLong ? 3_000_000 : 300_000)

const ordinary: MinutePlan = {
  ...{ kindsMs: 36_000, loadMs: 50_000, wholeMs: 60_000 },
  ...{ changeEveryMs: 1_500, faults: [], lastly: [] },
}

/** Workers are made anew in the first minutes and the last; between them one lives on, so that it can be seen to grow. */
function longPlans(): MinutePlan[] {
  return Array.from({ length: 32 }, (_, at) => {
    const minute = at + 1
    const faults: Fault[] = []
    if ([2, 4, 31].includes(minute)) faults.push('workers replaced')
    if (minute > 5 && minute % 5 === 1) faults.push('Redis killed')
    if (minute > 5 && minute % 5 === 2) faults.push('Postgres restarted')
    return { ...ordinary, faults, lastly: minute % 10 === 3 ? ['a worker killed'] : [] }
  })
}

function shortPlans(): MinutePlan[] {
  const short = { ...ordinary, kindsMs: 1_000, loadMs: 4_000, wholeMs: 0, changeEveryMs: 200 }
  return [
    { ...short, faults: ['workers replaced', 'Redis killed'], lastly: ['a worker killed'] },
    { ...short, faults: ['Postgres restarted'] },
  ]
}

/** The same state in both: what it holds then may not be much more. */
function holdsNoMore(t: Test, before: Minute, after: Minute): void {
  t.equal(after.held[1]?.pid, before.held[1]?.pid, 'one worker was there all the time')
  for (const place of [0, 1]) {
    const [was, is] = [before.held[place], after.held[place]]
    if (was === undefined || is === undefined) return void t.fail('no process')
    t.ok(is.heapMiB < was.heapMiB * 1.15 + 4, `heap: ${was.heapMiB.toFixed(1)}, ${is.heapMiB.toFixed(1)} MiB`)
    t.ok(
      is.residentMiB < was.residentMiB * 1.2 + 20,
      `resident: ${was.residentMiB.toFixed(0)}, ${is.residentMiB.toFixed(0)} MiB`,
    )
    t.ok(is.descriptors <= was.descriptors + 8, `descriptors: ${was.descriptors}, ${is.descriptors}`)
  }
}

t.test('a soak', async (t) => {
  const gateway = await startSoaked(t)
  const runMinute = await createMinutes(t, gateway)
  const minutes: Minute[] = []
  if (isLong) console.error(tableHead)
  for (const plan of isLong ? longPlans() : shortPlans()) {
    const minute = await runMinute(plan)
    if (isLong) console.error(rowOf(minutes.length + 1, minute, minutes.at(-1)))
    minutes.push(minute)
    t.same(minute.found, minute.sent, `minute ${minutes.length}: lines, counts and uses are what was sent`)
  }
  const [last] = minutes.slice(-1)
  if (last === undefined) return
  const { verdicts } = last
  t.equal(verdicts.deadTaken, 0, 'no dead key was accepted')
  t.equal(verdicts.goodRefused, 0, 'no good key was refused')
  t.equal(verdicts.failed, 0, 'all changes were made')
  t.same(last.backwards, [], 'no counter went back')
  t.same(gateway.log.twice, [], 'no request has two lines')
  t.equal(last.lost, 0, 'no request was lost')
  // While Postgres is away nobody knows whether an unknown key is none.
  t.same(
    Object.keys(verdicts.others).filter((kind) => kind !== '503 AUTH_UNAVAILABLE'),
    [],
  )
  const [fifth, thirtieth] = [minutes[4], minutes[29]]
  if (fifth !== undefined && thirtieth !== undefined) holdsNoMore(t, fifth, thirtieth)
  t.equal(await gateway.stop(), 0)
  note(t, { what: 'Soak: requests, changes of keys', value: `${last.sent.lines}, ${verdicts.changes}` })
  note(t, { what: 'Soak: changes that somebody had not applied after 5 s', value: `${verdicts.pending}` })
  note(t, {
    what: 'Soak: wrong decisions, lost requests',
    value: `${verdicts.deadTaken + verdicts.goodRefused}, ${last.lost}`,
    bound: '0, 0',
  })
})
