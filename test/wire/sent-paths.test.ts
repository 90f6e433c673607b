// Contract 3, 5.2.
// What was judged is what is sent: behind the upstream's base path, without what the API leaves out, and to the route's own
// upstream where it has one.

import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { startUpstream } from '../support/upstream.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const routes = `
  GET  /acme/v1/status: public
  GET  /acme/v1/transactions/{id}: transaction.read
  POST /acme/v1/transactions/{id}:cancel: transaction.refund
  GET  /acme/v1/files/{path...}: { permission: transaction.read, escapes: [hash, question, percent] }
  GET  /acme/v1/reports/{id}: { permission: transaction.read, upstream: { live: reports, sandbox: payments-sandbox } }
  GET  /acme/v1/rates: { permission: public, upstream: reports }
`

t.test('the path that is sent', async (t) => {
  const reports = await startUpstream()
  t.teardown(reports.close)
  const program = await startKeyedProgram(t, {
    routes,
    api: '    strip_prefix: /acme\n    cors: upstream',
    upstreams: ({ live, sandbox }) => `  payments: { url: "${live}/api/v%31/", preserve_host: false }
  payments-sandbox: { url: "${sandbox}/sand" }
  reports: { url: "${reports.url}/of/reports" }`,
  })
  const { live, sandbox } = program

  await t.test('stands behind the base path, byte for byte, and without what is left out', async (t) => {
    const rests = [
      '/v1/transactions/a%7Eb~c',
      "/v1/transactions/!$&'()*+,=:@-._",
      '/v1/transactions/x?expand=a%20b&to=/acme/../x&q=%00%2f;',
      '/v1/transactions/%C3%A9?',
      '/v1/files/a/acme/v1/b%23c%3Fd%25e',
    ]
    for (const rest of rests) {
      t.equal((await program.send(`GET /acme${rest}`)).status, 200, rest)
      t.equal(program.last()?.target, `/api/v%31${rest}`)
    }
    t.equal((await program.send('POST /acme/v1/transactions/t_1:cancel', ['Content-Length: 0'])).status, 200)
    t.match(program.last(), { method: 'POST', target: '/api/v%31/v1/transactions/t_1:cancel' })
    t.equal((await program.raw(request('GET http://api.flintn.com/acme/v1/status?a', [host]))).status, 200)
    t.equal(program.last()?.target, '/api/v%31/v1/status?a')
    t.match(
      program.last()?.headers,
      [['host', live.url.slice('http://'.length)]],
      'the base path is none of Host',
    )
  })

  await t.test('is never one that was refused', async (t) => {
    const before = live.requests.length
    for (const path of ['/v1/status', '/acme', '/acme?x', '/acmev1/status', '/ACME/v1/status'])
      t.equal(codeOf(await program.send(`GET ${path}`)), 'ROUTE_NOT_FOUND', path)
    for (const path of [
      '/acme/../acme/v1/status',
      '//acme/v1/status',
      '/acme//v1/status',
      '/acme%2fv1/status',
    ])
      t.equal(codeOf(await program.send(`GET ${path}`)), 'INVALID_PATH', path)
    t.equal(live.requests.length, before)
  })

  await t.test("goes to the route's own upstream, that of the key's environment", async (t) => {
    t.equal((await program.send('GET /acme/v1/reports/r_1?x')).status, 200)
    t.match(reports.requests.at(-1), { target: '/of/reports/v1/reports/r_1?x' })
    t.equal((await program.send('HEAD /acme/v1/reports/r_2')).status, 200)
    t.match(reports.requests.at(-1), { method: 'HEAD', target: '/of/reports/v1/reports/r_2' })
    t.equal((await program.raw(request('GET /acme/v1/rates', [host]))).status, 200)
    t.match(reports.requests.at(-1), { target: '/of/reports/v1/rates' })
    const trial = await program.admin.makeKey(program.merchant, { environment: 'sandbox' })
    const fields = ['Host: sandbox.api.flintn.com', `X-Api-Key: ${trial.secret}`]
    t.equal((await program.raw(request('GET /acme/v1/reports/r_3', fields))).status, 200)
    t.match(sandbox.requests.at(-1), { target: '/sand/v1/reports/r_3' })
    t.equal(reports.requests.length, 3)
  })

  await t.test('a preflight goes where what it asks about goes', async (t) => {
    const fields = [host, 'Origin: https://page.example', 'Access-Control-Request-Method: GET']
    for (const [path, upstream, target] of [
      ['/acme/v1/reports/r_1', reports, '/of/reports/v1/reports/r_1'],
      ['/acme/v1/transactions/t_1', live, '/api/v%31/v1/transactions/t_1'],
    ] as const) {
      t.equal((await program.raw(request(`OPTIONS ${path}`, fields))).status, 200)
      t.match(upstream.requests.at(-1), { method: 'OPTIONS', target })
    }
  })
})
