// What a head costs, whether it is refused or goes on: about as much as a usual one of as many bytes, whatever stands in it.
// Told by the processor time of a gateway in a process of its own, as a share of what a usual head costs beside it. The
// bound is wide: these were 5 to 2,000 times as dear before they were read with care.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t from 'tap'
import { cpuSeconds } from '../../bench/process-usage.ts'
import { prepareTestProgram } from '../support/program.ts'
import { startWatchedProcess, type WatchedProcess } from '../support/watched-process.ts'

t.setTimeout(280_000)

/** Times the processor time of a usual head. Meant are 3. */
const most = 5
/** Processor time that a figure rests on, and the most requests that it may take. */
const enoughSeconds = 0.2
const mostRequests = 600

interface Shape {
  readonly target?: string
  readonly fields: readonly string[]
  readonly status: number
}

const host = 'Host: api.flintn.com'
const target = '/v1/transactions/1'
const repeated = (count: number, field: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => field(i))
const usualFields = (count: number) => repeated(count, (i) => `X-Usual-${i}: ${'v'.repeat(145)}`)

/** `NUMBER` in it is another one in each request. */
function bytesOf({ target: asked = target, fields }: Shape): string {
  return `GET ${asked} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`
}

/** Asks one after another, on one connection as long as the gateway keeps it; gives seconds of processor time a request. */
async function costOf(gateway: WatchedProcess, shape: Shape): Promise<number> {
  const pid = gateway.child.pid ?? 0
  const bytes = bytesOf(shape)
  const before = cpuSeconds(pid)
  let socket: Socket | undefined
  let asked = 0
  while (asked < mostRequests && cpuSeconds(pid) - before < enoughSeconds) {
    socket ??= connect(gateway.gatewayPort, '127.0.0.1').on('error', () => {})
    socket.write(bytes.replaceAll('NUMBER', String(asked++)), 'latin1')
    const [answer] = await once(socket, 'data')
    const text = String(answer)
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1])
    if (status !== shape.status) throw new Error(`answered ${status} instead of ${shape.status}`)
    if (!/\r\nConnection: close/i.test(text)) continue
    socket.destroy()
    socket = undefined
  }
  socket?.destroy()
  return (cpuSeconds(pid) - before) / asked
}

async function startGateway(limits: string) {
  const { file } = await prepareTestProgram(t, { gateway: `, trusted_proxies: [127.0.0.1]${limits}` })
  const gateway = await startWatchedProcess(t, file)
  const key = await gateway.admin.makeKey(await gateway.admin.makeMerchant(), {
    permissions: ['transaction.read'],
  })
  return { gateway, fields: [host, `X-Api-Key: ${key.secret}`] }
}

t.test('no head costs many times what a usual one of as many bytes costs', async (t) => {
  const { gateway, fields } = await startGateway('')
  // Takes what is over the limits of the other one.
  const wide = await startGateway(', limits: { header_bytes: 2mb, header_count: 20000 }')
  const usual = { fields: [...fields, ...usualFields(180)], status: 200 }
  const usualLarge = { fields: [...wide.fields, ...usualFields(1_400)], status: 200 }
  for (let i = 0; i < 3; i++) {
    await costOf(gateway, usual)
    await costOf(gateway, { fields: [host], status: 401 })
    await costOf(wide.gateway, usualLarge)
  }
  const costs = {
    inside: (await costOf(gateway, usual)) / bytesOf(usual).length,
    over: (await costOf(wide.gateway, usualLarge)) / bytesOf(usualLarge).length,
  }

  const over: Record<string, readonly string[]> = {
    'lists in Connection': repeated(8_700, () => 'Connection: a,a,a,a,a,a,a'),
    'tiny fields': repeated(46_000, () => 'a:b'),
    'tiny fields, each another': repeated(33_000, (i) => `${i.toString(36)}:b`),
    'empty fields': repeated(240_000, () => 'a:'),
    'one large field': [`X: ${'v'.repeat(240_000)}`],
  }
  const inside: Record<string, Shape> = {
    'lists in Connection': {
      fields: [...fields, ...repeated(190, () => `Connection: ${'a,'.repeat(70)}`)],
      status: 431,
    },
    'one list in Connection': { fields: [...fields, `Connection: ${'a,'.repeat(14_000)}`], status: 431 },
    'as many names in Connection as there may be': {
      fields: [...fields, `Connection: ${'x-usual-100,'.repeat(31)}a`, ...usualFields(180)],
      status: 200,
    },
    'repeated Authorization': {
      fields: [...fields, ...repeated(190, () => `Authorization: Bearer ${'a'.repeat(120)}`)],
      status: 200,
    },
    'X-Forwarded-For of trusted proxies': {
      fields: [...fields, `X-Forwarded-For: ${'127.0.0.1,'.repeat(3_000)}127.0.0.1`],
      status: 200,
    },
    'repeated X-Forwarded-For': {
      fields: [...fields, ...repeated(190, () => `X-Forwarded-For: ${'1.1.1.1,'.repeat(16)}2.2.2.2`)],
      status: 200,
    },
    'X-Forwarded-Proto of commas': {
      fields: [...fields, `X-Forwarded-Proto: ${','.repeat(30_000)}`],
      status: 200,
    },
    'names that nobody has seen': {
      fields: [...fields, ...repeated(180, (i) => `X-${i}-NUMBER: ${'v'.repeat(140)}`)],
      status: 200,
    },
    'Accept of commas': {
      fields: [host, `Accept: application/problem+json${','.repeat(30_000)}`],
      status: 401,
    },
    'Accept of semicolons': {
      fields: [host, `Accept: application/problem+json${';'.repeat(30_000)}`],
      status: 401,
    },
    'Accept of ranges': {
      fields: [
        host,
        ...repeated(190, () => `Accept: ${'application/json;q=1,'.repeat(7)}`),
        'Accept: a/problem+json',
      ],
      status: 401,
    },
    'a query of separators': { target: `${target}?${'&'.repeat(16_000)}`, fields, status: 200 },
    'a query of escapes': { target: `${target}?a=${'%70'.repeat(5_400)}`, fields, status: 200 },
    'a query of beginnings of keys': { target: `${target}?${'pk_live&'.repeat(2_000)}`, fields, status: 200 },
    'a path of segments': { target: '/a'.repeat(8_000), fields, status: 404 },
    'a path of escapes': { target: `${target}${'%41'.repeat(5_400)}`, fields, status: 200 },
  }
  const shapes = [
    ...Object.entries(over).map(
      ([name, more]) =>
        [`over the limits: ${name}`, { fields: [...fields, ...more], status: 431 }, costs.over] as const,
    ),
    ...Object.entries(inside).map(([name, shape]) => [name, shape, costs.inside] as const),
  ]
  for (const [name, shape, costOfByte] of shapes) {
    const times = (await costOf(gateway, shape)) / (costOfByte * bytesOf(shape).length)
    t.comment(`${name}: ${times.toFixed(1)} x`)
    t.ok(times < most, name)
  }
})
