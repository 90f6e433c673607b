// Contract 3.
// A value that a server could read as the literal beside it does not come as far as a server.

import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const routes = `
  GET    /v1/exports/{id}: transaction.read
  DELETE /v1/exports/{id}: { permission: transaction.read, disguises: exact }
  POST   /v1/exports/summary: transaction.refund
  GET    /v1/files/{path...}: transaction.read
  GET    /v1/files/2026/secret: transaction.refund
`

const disguises = [
  ...['summary.json', 'summary.', 'summary...', 'summary%20', 'summary%20.', 'summary.%20', 'summary..json'],
  ...[
    '%53ummary%2ejson',
    'summary.json.',
    'summary%2E',
    '%EF%BD%93ummary',
    'summary%EF%BC%8Ejson',
    'summary%C2%A0',
  ],
]

t.test('strict, unless the route says otherwise', async (t) => {
  const program = await startKeyedProgram(t, { routes })
  const { secret } = await program.admin.makeKey(program.merchant, { permissions: ['transaction.read'] })
  const send = (line: string) => program.raw(request(line, [host, `X-Api-Key: ${secret}`]))

  for (const value of disguises)
    t.equal(codeOf(await send(`GET /v1/exports/${value}`)), 'INVALID_PATH', value)
  for (const path of [
    '2026/secret.txt',
    '2026./x',
    '2026/secret./deeper',
    '2026/%EF%BD%93ecret',
    '2026/secret/',
  ])
    t.equal(codeOf(await send(`GET /v1/files/${path}`)), 'INVALID_PATH', path)
  for (const value of ['SUMMARY', '%73ummary'])
    t.equal(codeOf(await send(`DELETE /v1/exports/${value}`)), 'INVALID_PATH', value)
  t.equal(program.live.requests.length, 0)
  t.equal(program.log.filter(({ reason }) => reason === 'hidden_literal').length, disguises.length + 7)

  const targets = [
    ...disguises.map((value) => `DELETE /v1/exports/${value}`),
    ...['tr_1.5', 'summary-2.json', 'summary.2026.pdf', 'summary'].map((value) => `GET /v1/exports/${value}`),
    ...['2026/report.pdf', '2026/x/secret.txt', 'a/b.c/'].map((path) => `GET /v1/files/${path}`),
  ]
  for (const line of targets) {
    t.equal((await send(line)).status, 200, line)
    t.equal(`${program.last()?.method} ${program.last()?.target}`, line, 'forwarded byte for byte')
  }
})
