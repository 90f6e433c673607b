// Real proxies before the gateway: it knows who the client is, and their clients get what they would without it.

import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { host, type KeyedProgram } from '../support/keyed-program.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

import { type Answer, type Asking, ask, openLine, valueOf } from './ask.ts'
import { agreement } from './compare.ts'
import { makeDocroot } from './docroot.ts'
import { inThisForm, isLong } from './form.ts'
import { fronts } from './fronts/all.ts'
import { frontDifferences } from './fronts/differences.ts'
import type { FrontPlace, FrontProgram } from './fronts/front.ts'
import { type Cell, judge } from './judge.ts'
import { startForCompany } from './keyed.ts'
import { versionOf } from './programs/have.ts'
import { appFile, listen, type Teardown } from './programs/run.ts'
import { startRefusingNginx } from './refusing-nginx.ts'
import { askCase, file, requestCases } from './requests.ts'
import { writeRow } from './table.ts'

t.setTimeout(1_800_000)

t.test('fronts', async (t) => {
  const docroot = makeDocroot(t)
  const server = await listen(t, { kind: 'checkout' }, ({ port }) => ({
    args: [appFile('node_app.cjs'), 'http', String(port), docroot],
  }))
  // In the quick form a refusal has to arrive each time, whatever others would do.
  const refusing = isLong ? await startRefusingNginx(t, 401) : undefined
  const liveUrl = `http://127.0.0.1:${server.port}`
  const usual = await startForCompany(t, { liveUrl, gateway: trusting })
  for (const front of inThisForm(fronts)) {
    await t.test(`${front.name} before the gateway`, async (t) => {
      const gateway = `${trusting}${front.gateway ?? ''}`
      const program = front.gateway === undefined ? usual : await startForCompany(t, { liveUrl, gateway })
      const before = (target: number): Promise<number> =>
        startFront(t, front, { target, isBare: target !== program.gatewayPort })
      const ports: Ports = {
        direct: await before(server.port),
        through: await before(program.gatewayPort),
        refusing: refusing && (await before(refusing.port)),
        counted: {
          direct: await countedFront(t, front, { target: server.port, isBare: true }),
          through: await countedFront(t, front, { target: program.gatewayPort, isBare: false }),
        },
      }
      const cells = [
        ...(await identityCells(front, program, ports)),
        ...(await answerCells(program, ports)),
        await keepAliveCell(program, ports),
        ...(await refusalCells(ports)),
      ]
      const notes = cells.flatMap((cell) =>
        judge(t, { table: frontDifferences, program: front.name, ...cell }),
      )
      const version = await versionOf(front.source, front.version)
      writeRow({
        program: front.name,
        version,
        asked: cells.length,
        same: cells.length - notes.length,
        notes,
      })
    })
  }
})

const trusting = ', trusted_proxies: [127.0.0.1]'
/** Of the client; no trusted proxy. */
const clientAddress = '127.0.0.9'

interface Counted {
  readonly port: number
  connections(): number
}

interface Ports {
  readonly direct: number
  readonly through: number
  /** Before an nginx that refuses. */
  readonly refusing: number | undefined
  readonly counted: { readonly direct: Counted; readonly through: Counted }
}

type FrontCell = Omit<Cell, 'program' | 'table'>

type Behind = Pick<FrontPlace, 'target' | 'isBare'>

async function startFront(t: Teardown, front: FrontProgram, behind: Behind): Promise<number> {
  const { port } = await listen(t, front.source, (place) => front.command({ ...place, ...behind }))
  t.teardown(async () => {
    for (const file of front.leftovers?.({ port }) ?? []) rmSync(file, { force: true })
  })
  return port
}

/** A front whose connections to what is behind it are counted. */
async function countedFront(t: Teardown, front: FrontProgram, behind: Behind): Promise<Counted> {
  const proxy = await startTcpProxy([behind.target])
  t.teardown(() => proxy.close())
  const port = await startFront(t, front, { ...behind, target: proxy.port })
  return { port, connections: () => proxy.accepted() }
}

/** Who is the client, which host it asked for, and whose id the request has. */
async function identityCells(
  front: FrontProgram,
  { auth, log }: KeyedProgram,
  { through }: Ports,
): Promise<FrontCell[]> {
  const fields = [host, auth]
  const answer = await ask({ port: through, line: 'GET /v1/headers', fields, from: clientAddress })
  const seen: unknown = answer.status === 200 ? JSON.parse(answer.body.toString()) : {}
  const { host: seenHost, 'x-request-id': seenId, 'x-forwarded-for': chain } = Object(seen)
  const line = await lineOf(log, valueOf(answer, 'X-Request-Id'))
  const lie = [...fields, 'X-Forwarded-For: 203.0.113.9', 'Forwarded: for=203.0.113.9']
  const forged = await ask({ port: through, line: 'GET /v1/headers', fields: lie, from: clientAddress })
  const forgedLine = await lineOf(log, valueOf(forged, 'X-Request-Id'))
  const isKept = seenId === valueOf(answer, 'X-Request-Id') && !String(seenId).startsWith('req_')
  return [
    statement(
      'client',
      line?.['client'] === clientAddress,
      `${String(line?.['client'])} of ${String(chain)}`,
    ),
    statement(
      'client, who says to be another',
      forgedLine?.['client'] === clientAddress,
      String(forgedLine?.['client']),
    ),
    statement('host', seenHost === 'api.flintn.com', String(seenHost)),
    ...(front.hasId === true ? [statement('request id', isKept, String(seenId))] : []),
  ]
}

async function lineOf(
  log: readonly Record<string, unknown>[],
  id: string | undefined,
): Promise<Record<string, unknown> | undefined> {
  for (let i = 0; i < 200; i++) {
    const line = log.find((candidate) => candidate['request_id'] === id)
    if (line !== undefined) return line
    await sleep(10)
  }
  return undefined
}

function statement(what: string, isTrue: boolean, found: string): FrontCell {
  return { what, agreed: { through: isTrue ? 1 : 0, direct: 1, asked: 1, usual: found, first: [found] } }
}

/** The same answers with the gateway between front and server as without it. */
async function answerCells({ auth }: KeyedProgram, { direct, through }: Ports): Promise<FrontCell[]> {
  const way = { fields: [host, auth], from: clientAddress }
  const plain = await ask({ ...way, port: direct, line: `GET ${file}` })
  const cells: FrontCell[] = []
  for (const one of requestCases) {
    const answers = await askCase(one, { ...way, port: direct }, plain)
    const agreed = agreement(answers, await askCase(one, { ...way, port: through }, plain))
    cells.push({ what: one.name, agreed, ...(one.slack !== undefined && { slack: one.slack }) })
  }
  return cells
}

/** How many connections the front makes for requests one after the other. */
async function keepAliveCell({ auth }: KeyedProgram, { counted }: Ports): Promise<FrontCell> {
  for (const { port } of [counted.direct, counted.through]) {
    const line = openLine()
    for (let i = 0; i < 50; i++)
      await line.ask({ port, line: `GET ${file}`, fields: [host, auth], from: clientAddress })
    line.close()
  }
  const [direct, through] = [counted.direct.connections(), counted.through.connections()]
  // One more where two worker processes each make their own.
  return statement(
    'keep-alive',
    through <= direct + 1,
    `${through} connections (direct ${direct}) for 50 requests`,
  )
}

/** Uploads without a key: as often as an nginx's refusal, the gateway's reaches the client. */
async function refusalCells({ refusing, through }: Ports): Promise<FrontCell[]> {
  const cells: FrontCell[] = []
  for (const framing of ['length', 'chunked'] as const) {
    const body = { bytes: 3 * 1024 * 1024, framing }
    const answersOf = (port: number): Promise<Answer[]> =>
      tenTimes({ port, line: 'POST /v1/echo', fields: [host], body, from: clientAddress })
    const usual = refusing === undefined ? undefined : await answersOf(refusing)
    const answers = await answersOf(through)
    const isRight = ({ status, body: text }: Answer): boolean =>
      status === 401 && text.toString().includes('MISSING_API_KEY')
    const odd = answers.find((answer) => !isRight(answer))
    const agreed = {
      through: answers.filter(isRight).length,
      direct: usual?.filter(({ status }) => status === 401).length ?? answers.length,
      asked: answers.length,
      usual: '401',
      first: odd === undefined ? [] : [`${odd.status} ${odd.fault ?? ''}`],
    }
    cells.push({ what: `upload refused, ${framing}`, agreed })
  }
  return cells
}

async function tenTimes(asking: Asking): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let i = 0; i < 10; i++) answers.push(await ask(asking))
  return answers
}
