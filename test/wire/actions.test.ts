// Contract 3.
// An action beside a resource (`{id}:refund`) is served for its own permission alone, however it is written.

import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const routes = `
  POST /v1/orders/{id}: transaction.read
  POST /v1/orders/{id}:refund: transaction.refund
  GET  /v1/orders/{id}: transaction.read
  GET  /v1/orders/{id}.pdf: transaction.refund
  GET  /v1/compare/{base}...{head}: transaction.refund
  GET  /v1/compare/{path...}: transaction.read
`

const hidden = [
  ...['POST /v1/orders/1%3Arefund', 'POST /v1/orders/1:REFUND', 'POST /v1/orders/1:refun%64'],
  ...['POST /v1/orders/1:refund.', 'POST /v1/orders/1:refund.json', 'POST /v1/orders/1:refund%20'],
  ...['POST /v1/orders/1%EF%BC%9Arefund', 'POST /v1/orders/:refund', 'GET /v1/orders/1.PDF'],
  ...[
    'GET /v1/orders/1%2Epdf',
    'GET /v1/orders/1.pdf.',
    'GET /v1/compare/a%2E..b',
    'GET /v1/compare/a..%2eb/x',
  ],
]
const own = ['POST /v1/orders/1:refund', 'GET /v1/orders/1.pdf', 'GET /v1/compare/v1.0...v1.1']
const wide = [
  ...[
    'POST /v1/orders/1',
    'POST /v1/orders/1:refunds',
    'POST /v1/orders/1:x:refundx',
    'GET /v1/orders/1.txt',
  ],
  ...['GET /v1/orders/1:refund', 'GET /v1/compare/a..b', 'GET /v1/compare/a...b/c'],
]

t.test('no spelling of an action is served for less than it asks for', async (t) => {
  const program = await startKeyedProgram(t, { routes })
  const keyOf = (...permissions: string[]) => program.admin.makeKey(program.merchant, { permissions })
  const [reader, refunder] = [await keyOf('transaction.read'), await keyOf('transaction.refund')]
  const send = (line: string, secret: string) =>
    program.raw(
      request(line, [
        host,
        `X-Api-Key: ${secret}`,
        ...(line.startsWith('POST') ? ['Content-Length: 0'] : []),
      ]),
    )

  for (const line of hidden) {
    t.equal(codeOf(await send(line, reader.secret)), 'INVALID_PATH', line)
    t.equal(codeOf(await send(line, refunder.secret)), 'INVALID_PATH', line)
  }
  for (const line of own) t.equal(codeOf(await send(line, reader.secret)), 'INSUFFICIENT_PERMISSIONS', line)
  for (const line of wide)
    t.equal(codeOf(await send(line, refunder.secret)), 'INSUFFICIENT_PERMISSIONS', line)
  t.equal(program.live.requests.length, 0)

  for (const [lines, { secret }] of [
    [own, refunder],
    [wide, reader],
  ] as const)
    for (const line of lines) {
      t.equal((await send(line, secret)).status, 200, line)
      t.equal(`${program.last()?.method} ${program.last()?.target}`, line, 'forwarded byte for byte')
    }
})
