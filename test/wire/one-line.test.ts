// One request: one line in the access log, one count in the metrics, one use in the activity, one id; however it ends.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { createPostgres } from '../../src/store/postgres.ts'
import { startTestProgram, type TestProgram } from '../support/program.ts'
import { kindLimits, kinds, kindsAnswer, makeKindKeys, wordsOf } from '../support/request-kinds.ts'

t.setTimeout(240_000)

const linesOf = ({ log }: TestProgram) => log.filter(({ msg }) => msg === 'request')

async function counted({ controlPort }: TestProgram): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  return [...text.matchAll(/^latchkey_requests_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
}

/** Waits until there are so many lines, some seconds at most. */
async function until(program: TestProgram, lines: number): Promise<void> {
  for (let i = 0; i < 250 && linesOf(program).length < lines; i++) await sleep(20)
}

t.test('each kind of request leaves what it has to, and nothing else', async (t) => {
  const program = await startTestProgram(t, { gateway: kindLimits, answer: kindsAnswer })
  const keys = await makeKindKeys(program.admin)
  await program.sandbox.close()
  let lines = 0
  let uses = 0
  for (const kind of kinds) {
    await kind.send(program.gatewayPort, keys)
    await until(program, lines + kind.lines.length)
    const left = linesOf(program).slice(lines)
    t.same(left.map(wordsOf).toSorted(), [...kind.lines].toSorted(), kind.name)
    lines += left.length
    uses += kind.uses
  }
  // What comes late would be one too many.
  await sleep(2_000)
  t.equal(linesOf(program).length, lines)
  t.equal(new Set(linesOf(program).map((line) => line['request_id'])).size, lines, 'an id each')
  t.equal(await counted(program), lines)
  await program.stop()
  const db = createPostgres({ url: program.databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  const [stored] = await db.query<{ sum: number }>('SELECT sum(count)::int AS sum FROM activity')
  t.equal(stored?.sum, uses)
})
