import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import type { Role } from '../../src/sample/roles.ts'
import { createSampleUpstream } from '../../src/sample/upstream.ts'

async function start(t: Test, role: Role): Promise<{ url: string; printed: string[] }> {
  const printed: string[] = []
  const upstream = await createSampleUpstream({ role, port: 0, print: (block) => printed.push(block) })
  t.teardown(() => upstream.close())
  return { url: upstream.url, printed }
}

function shippedRoutes(table: 'flintn' | 'flint'): string[] {
  const file = new URL(`../../../config/permissions/${table}.yaml`, import.meta.url)
  const { routes }: { routes: Record<string, unknown> } = parse(readFileSync(file, 'utf8'))
  return Object.keys(routes)
}

for (const [table, role] of [
  ['flintn', 'payments'],
  ['flint', 'documents'],
] as const) {
  void t.test(`the ${role} API answers every route of the shipped ${table} table`, async (t) => {
    const { url } = await start(t, role)
    for (const route of shippedRoutes(table)) {
      const [method = '', template = ''] = route.split(/ +/)
      const path = template.replace('{path...}', 'a/b.csv').replace(/\{\w+\}/g, 'x_1')
      const response = await fetch(url + path, { method })
      t.match(await response.json(), { livemode: true }, route)
      t.equal(response.status === 200 || response.status === 201, true, `${route}: ${response.status}`)
    }
  })
}

void t.test('a sandbox role answers "livemode": false, with the figures of the live one', async (t) => {
  const live = await start(t, 'payments')
  const sandbox = await start(t, 'payments-sandbox')
  const [one, other]: unknown[] = await Promise.all(
    [live, sandbox].map(async ({ url }) => (await fetch(`${url}/v1/transactions/txn_1001`)).json()),
  )
  t.match(one, { id: 'txn_1001', amount: Number, currency: String, livemode: true })
  t.same({ ...Object(other), livemode: true }, one)
})

void t.test(
  'a refund is created with the amount that was asked for, and the request id comes back',
  async (t) => {
    const { url } = await start(t, 'payments')
    const headers = { 'Content-Type': 'application/json', 'X-Request-Id': 'req_1' }
    const request = { method: 'POST', headers, body: '{"amount":500}' }
    const response = await fetch(`${url}/v1/transactions/txn_1001/refund`, request)
    t.equal(response.status, 201)
    t.equal(response.headers.get('x-request-id'), 'req_1')
    t.match(await response.json(), {
      object: 'refund',
      transaction: 'txn_1001',
      amount: 500,
      request_id: 'req_1',
    })
  },
)

void t.test('an unknown path is 404 in JSON', async (t) => {
  const { url } = await start(t, 'documents')
  const response = await fetch(`${url}/v1/nothing`)
  t.equal(response.status, 404)
  t.match(await response.json(), { error: { type: 'not_found' }, livemode: true })
})

void t.test('a big body is counted', async (t) => {
  const { url } = await start(t, 'payments')
  const response = await fetch(`${url}/v1/imports`, { method: 'POST', body: Buffer.alloc(5_000_000) })
  t.match(await response.json(), { received_bytes: 5_000_000 })
})

void t.test('each request is printed with its headers, a credential only as a length', async (t) => {
  const { url, printed } = await start(t, 'payments')
  const headers = { 'X-Merchant-Id': 'mer_1', 'X-Odd': 'caf\u00e9\u0085', Authorization: 'Bearer hidden' }
  await (await fetch(`${url}/v1/status?a=b`, { headers })).text()
  t.equal(printed.length, 1)
  const [block = ''] = printed
  t.match(block, /^payments: GET \/v1\/status\?a=b -> 200$/m)
  t.match(block, /^ {4}x-merchant-id: mer_1$/im)
  t.match(block, /^ {4}x-odd: caf\?\?$/im)
  t.match(block, /^ {4}authorization: \[13 characters\]$/im)
  t.notMatch(block, 'hidden')
})

void t.test('the program starts one role, says where, and ends with the one that started it', async (t) => {
  const file = fileURLToPath(new URL('../../src/sample/upstream.js', import.meta.url))
  const args = [file, '--role', 'documents-sandbox', '--port', '0', '--until-stdin-ends']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line]: unknown[] = await once(child.stdout, 'data')
  const url = /documents-sandbox on (\S+)/.exec(String(line))?.[1]
  t.match(await (await fetch(`${url}/documents`)).json(), { object: 'list', livemode: false })
  child.stdin.end()
  const [code]: unknown[] = await once(child, 'exit')
  t.equal(code, 0)
})

void t.test('wrong arguments end the program with code 2', async (t) => {
  const file = fileURLToPath(new URL('../../src/sample/upstream.js', import.meta.url))
  for (const args of [
    [],
    ['--role', 'nobody'],
    ['--role', 'payments', '--port', 'x'],
    ['--all', '--port', '1'],
  ]) {
    const child = spawn(process.execPath, [file, ...args], { stdio: 'ignore' })
    const [code]: unknown[] = await once(child, 'exit')
    t.equal(code, 2, args.join(' '))
  }
})
