// Real servers behind the gateway: each request is asked directly and through it, and the answers are the same.

import t from 'tap'
import { host } from '../support/keyed-program.ts'
import { type Agreement, agreement } from './compare.ts'
import { type Answer, ask } from './ask.ts'
import { knownDifference } from './differences.ts'
import { makeDocroot } from './docroot.ts'
import { inThisForm, isLong } from './form.ts'
import { isSame, judge } from './judge.ts'
import { startForCompany } from './keyed.ts'
import { versionOf, whyNot } from './programs/have.ts'
import { askCase, file, type RequestCase, requestCases, type Way } from './requests.ts'
import { servers } from './servers/all.ts'
import { serverDifferences } from './servers/differences.ts'
import type { ServerProgram } from './servers/server.ts'
import { startServer } from './servers/start.ts'
import { writeRow } from './table.ts'

t.setTimeout(3_600_000)

/** One that shows in some runs only is looked for so often. */
const rounds = 8
/** What takes longer a request is worth a word. */
const slowMs = 15

const missing: string[] = []

for (const server of inThisForm(servers)) {
  t.test(`${server.name} answers through the gateway as it does directly`, async (t) => {
    const reason = await whyNot(server.source)
    if (reason !== undefined) {
      missing.push(server.name)
      return void t.fail(`${server.name} cannot be had: ${reason}`)
    }
    const port = await startServer(t, server, makeDocroot(t))
    const program = await startForCompany(t, {
      liveUrl: `http://127.0.0.1:${port}`,
      ...(server.upstream !== undefined && { upstream: server.upstream }),
    })
    const direct: Way = { port, fields: [host] }
    const through: Way = { port: program.gatewayPort, fields: [host, program.auth] }
    const plain = await ask({ ...direct, line: `GET ${file}` })
    t.equal(plain.status, 200, 'it runs')
    const notes: string[] = []
    const remarks: string[] = []
    for (const one of requestCases) {
      const { agreed, isSought, remark } = await compareWays({ server, one, plain }, direct, through)
      const { name, slack } = one
      const cell = { table: serverDifferences, program: server.name, what: name, agreed, isSought }
      notes.push(...judge(t, { ...cell, ...(slack !== undefined && { slack }) }))
      remarks.push(...remark)
    }
    writeRow({
      program: server.name,
      version: await versionOf(server.source, server.version),
      asked: requestCases.length,
      same: requestCases.length - notes.length,
      notes: [...notes, ...remarks],
    })
  })
}

t.test('every server of this form was there', async (t) => {
  t.same(missing, [], `those that could not be had: ${missing.join(', ')}`)
})

t.test('every known difference is one of a server and a request of the tables', async (t) => {
  const programs = servers.map(({ name }) => name)
  const whats = ['*', ...requestCases.map(({ name }) => name)]
  const strange = serverDifferences.filter(
    ({ program, what }) => !(programs.includes(program) && whats.includes(what)),
  )
  t.same(strange, [])
})

interface Task {
  readonly server: ServerProgram
  readonly one: RequestCase
  readonly plain: Answer
}

interface Compared {
  readonly agreed: Agreement
  /** It was asked until it was different, or often enough. */
  readonly isSought: boolean
  readonly remark: readonly string[]
}

async function compareWays({ server, one, plain }: Task, direct: Way, through: Way): Promise<Compared> {
  const isSought = isLong && knownDifference(serverDifferences, server.name, one.name)?.isUnsteady === true
  for (let round = 1; ; round++) {
    const begun = performance.now()
    const answers = await askCase(one, direct, plain)
    const between = performance.now()
    const agreed = agreement(answers, await askCase(one, through, plain))
    const times = { directMs: between - begun, throughMs: performance.now() - between }
    const isEnough = !isSought || round === rounds || !isSame(agreed, one.slack)
    if (isEnough) return { agreed, isSought, remark: remarkOn(one, times) }
  }
}

/** Of many requests on one connection. */
function remarkOn(
  { name, manner, times = 1 }: RequestCase,
  { directMs, throughMs }: { readonly directMs: number; readonly throughMs: number },
): readonly string[] {
  const [directly, behind] = [directMs / times, throughMs / times]
  if (manner !== 'one line' || Math.max(directly, behind) < slowMs) return []
  return [`${name}: ${Math.round(directly)} ms each directly, ${Math.round(behind)} through`]
}
