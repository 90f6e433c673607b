// Real clients before the gateway: they get what they get directly, and refusals arrive as surely as nginx's do.

import t from 'tap'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { clients } from './clients/all.ts'
import { type AnswerCase, answerCases, idleMs } from './clients/cases.ts'
import { bodyFile, type ClientProgram, type Order, type Result, runClient } from './clients/client.ts'
import { clientDifferences } from './clients/differences.ts'
import type { Agreement } from './compare.ts'
import { makeDocroot } from './docroot.ts'
import { inThisForm, isLong } from './form.ts'
import { judge } from './judge.ts'
import { startForCompany } from './keyed.ts'
import { versionOf } from './programs/have.ts'
import { appFile, listen } from './programs/run.ts'
import { startRefusingNginx } from './refusing-nginx.ts'
import { writeRow } from './table.ts'

t.setTimeout(1_800_000)

interface Ports {
  readonly direct: number
  readonly refusing: Readonly<Record<number, number>>
  readonly through: number
}

t.test('clients get through the gateway what they get directly', async (t) => {
  const docroot = makeDocroot(t)
  const server = await listen(t, { kind: 'checkout' }, ({ port }) => ({
    args: [appFile('node_app.cjs'), 'http', String(port), docroot],
    env: { KEEP_ALIVE_MS: String(idleMs) },
  }))
  const program = await startForCompany(t, {
    liveUrl: `http://127.0.0.1:${server.port}`,
    gateway: `, limits: { idle_timeout: ${idleMs}ms }`,
  })
  const weak = await program.admin.makeKey(program.merchant, { permissions: ['transaction.read'] })
  // In the quick form a refusal has to arrive each time, whatever others would do.
  const refusing = isLong
    ? {
        401: (await startRefusingNginx(t, 401)).port,
        403: (await startRefusingNginx(t, 403)).port,
      }
    : {}
  const ports: Ports = { direct: server.port, refusing, through: program.gatewayPort }
  const files = new Map<number, string>()
  const fileOf = (bytes: number): string => {
    const file = files.get(bytes) ?? bodyFile(t, bytes)
    files.set(bytes, file)
    return file
  }

  for (const client of inThisForm(clients)) {
    await t.test(client.name, async (t) => {
      const asked = answerCases.filter(({ isStreamed }) => !(isStreamed === true && client.isUnstreamed))
      const notes: string[] = []
      for (const one of asked) {
        const key = { full: program.key.secret, weak: weak.secret, none: undefined }[one.key]
        const order = orderOf(one, key, one.bodyBytes === undefined ? undefined : fileOf(one.bodyBytes))
        const agreed = await compareWays({ client, one, order }, ports)
        notes.push(...judge(t, { table: clientDifferences, program: client.name, what: one.name, agreed }))
      }
      const version = await versionOf(client.source, client.version)
      writeRow({
        program: client.name,
        version,
        asked: asked.length,
        same: asked.length - notes.length,
        notes,
      })
    })
  }
})

function orderOf(one: AnswerCase, key: string | undefined, file: string | undefined): Omit<Order, 'url'> {
  return {
    method: one.method,
    headers: key === undefined ? {} : { 'X-Api-Key': key },
    ...(file !== undefined && { bodyFile: file }),
    isStreamed: one.isStreamed === true,
    times: one.times,
    pauseMs: one.pauseMs ?? 0,
  }
}

interface Task {
  readonly client: ClientProgram
  readonly one: AnswerCase
  readonly order: Omit<Order, 'url'>
}

/** The same order both ways; for refusals the direct way leads to an nginx that refuses. */
async function compareWays(task: Task, ports: Ports): Promise<Agreement> {
  const { one } = task
  const directPort = one.refusal === undefined ? ports.direct : ports.refusing[one.refusal.status]
  const direct = directPort === undefined ? { results: [], connections: 0 } : await carryOut(task, directPort)
  const through = await carryOut(task, ports.through)
  const right = rightFor(one, direct.results)
  const isUsual = one.refusal === undefined ? right : hasStatus(one.refusal.status)
  const isFrugal = one.isCounted !== true || through.connections <= direct.connections
  const odd = through.results.find((result) => !right(result))
  const connections = [`connections: direct ${direct.connections}, through ${through.connections}`]
  return {
    through: isFrugal ? through.results.filter(right).length : 0,
    direct: directPort === undefined ? one.times : direct.results.filter(isUsual).length,
    asked: one.times,
    usual: one.refusal === undefined ? String(direct.results[0]?.status) : String(one.refusal.status),
    first: [...(odd === undefined ? [] : [JSON.stringify(odd)]), ...(isFrugal ? [] : connections)],
  }
}

/** By way of a counting proxy where connections matter; else with nothing in between that could mend. */
async function carryOut(
  { client, one, order }: Task,
  port: number,
): Promise<{ readonly results: readonly Result[]; readonly connections: number }> {
  const url = (at: number): string => `http://127.0.0.1:${at}${one.path}`
  if (one.isCounted !== true) {
    return { results: await runClient(client, { ...order, url: url(port) }), connections: 0 }
  }
  const proxy = await startTcpProxy([port])
  const results = await runClient(client, { ...order, url: url(proxy.port) })
  await proxy.close()
  return { results, connections: proxy.accepted() }
}

/** Some clients tell the status only: their text is empty. */
function rightFor({ refusal }: AnswerCase, direct: readonly Result[]): (result: Result) => boolean {
  if (refusal !== undefined)
    return ({ status, text }) => status === refusal.status && (text === '' || text.includes(refusal.code))
  const [first] = direct
  return ({ status, text, error }) => error === undefined && status === first?.status && text === first.text
}

function hasStatus(wanted: number): (result: Result) => boolean {
  return ({ status }) => status === wanted
}
