// Contract 3 and 5.3.
// An API whose last slashes mean nothing: one route for both paths, whichever the table has; the bytes that go on are those
// that came.

import t from 'tap'
import { startKeyedProgram } from '../support/keyed-program.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'

const routes = `
  GET /: public
  GET /v1/orders: transaction.search
  POST /v1/orders/: transaction.refund
  GET /v1/orders/{id}: transaction.read
  GET /v1/files/{path...}: transaction.read
  GET /v1/files/secret: transaction.refund
  GET /v1/reports/{id}.json: transaction.read
`

void t.test('`trailing_slash: same`', async (t) => {
  const program = await startKeyedProgram(t, { routes, api: '    trailing_slash: same\n    cors: upstream' })
  const { send, last, admin, merchant, gatewayPort, live, log } = program
  const reader = await admin.makeKey(merchant, { permissions: ['transaction.read'] })
  const asReader = (line: string) =>
    exchange(gatewayPort, request(line, ['Host: api.flintn.com', `X-Api-Key: ${reader.secret}`]))

  for (const [line, template] of [
    ['GET /', '/'],
    ['GET /v1/orders', '/v1/orders'],
    ['GET /v1/orders/', '/v1/orders'],
    ['GET /v1/orders/?a=/b/', '/v1/orders'],
    ['POST /v1/orders', '/v1/orders'],
    ['POST /v1/orders/', '/v1/orders'],
    ['HEAD /v1/orders/o_1/', '/v1/orders/{id}'],
    ['GET /v1/orders/o_1/', '/v1/orders/{id}'],
    ['GET /v1/files/a/b/', '/v1/files/{path...}'],
    ['GET /v1/files/secret/', '/v1/files/secret'],
    ['GET /v1/reports/7.json/', '/v1/reports/{id}.json'],
  ] as const) {
    t.equal((await send(line)).status, 200, line)
    t.equal(`${last()?.method} ${last()?.target}`, line, 'goes on as it came')
    const told = String(log.findLast((entry) => entry['msg'] === 'request')?.['route'])
    t.equal(told.replace(/^[A-Z]+ /, ''), template)
  }
  const sent = live.requests.length
  t.equal(codeOf(await asReader('GET /v1/files/secret/')), 'INSUFFICIENT_PERMISSIONS', 'as without the slash')
  t.equal(codeOf(await asReader('GET /v1/orders/')), 'INSUFFICIENT_PERMISSIONS', 'no id that is empty')
  for (const line of ['GET /v1/files/SECRET/', 'GET /v1/files/secret.html/', 'GET /v1/files/secre%74/'])
    t.equal(codeOf(await send(line)), 'INVALID_PATH', line)
  for (const line of [
    'GET /v1/orders//',
    'GET //',
    'GET /v1/orders/./',
    'GET /v1/orders%2f',
    'GET /v1/orders/%2f',
  ])
    t.equal(codeOf(await send(line)), 'INVALID_PATH', line)
  t.equal(codeOf(await send('GET /v1/files/')), 'ROUTE_NOT_FOUND', 'a rest is not empty')
  const wrongMethod = await send('DELETE /v1/orders/')
  t.equal(fieldOf(wrongMethod, 'allow'), 'GET, HEAD, POST')
  t.equal(live.requests.length, sent, 'nothing of it went on')
  const preflight = ['Host: api.flintn.com', 'Origin: https://a.test', 'Access-Control-Request-Method: POST']
  t.equal((await exchange(gatewayPort, request('OPTIONS /v1/orders/', preflight))).status, 200)
})

void t.test('`strict`: a last slash makes another path', async (t) => {
  const { send } = await startKeyedProgram(t, { routes })
  for (const line of ['GET /v1/orders/', 'POST /v1/orders', 'GET /v1/orders/o_1/'])
    t.match(codeOf(await send(line)), /^(ROUTE_NOT_FOUND|METHOD_NOT_ALLOWED)$/, line)
  t.equal(codeOf(await send('GET /v1/files/secret/')), 'INVALID_PATH')
})
