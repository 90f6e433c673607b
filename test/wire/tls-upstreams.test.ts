// Upstreams over TLS that cannot be reached: the log names what is wrong, and nothing of the program's inside. What can be set for them.

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer, type Server } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import t, { type Test } from 'tap'
import { makeAuthority, type Made } from '../support/certificates.ts'
import { type TestProgram, startTestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

const ask = request('GET /v1/status', ['Host: api.flintn.com'])
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return Object(server.address()).port
}

const read = ({ certFile, keyFile }: Made) => ({ cert: readFileSync(certFile), key: readFileSync(keyFile) })

/** An upstream that answers `ok`, and the names that it was asked for. */
async function startSecure(t: Test, options: TlsOptions, answer: string | Buffer = ok) {
  const asked: (string | false)[] = []
  const server = createServer(options, (socket) => {
    asked.push(socket.servername ?? false)
    socket.on('error', () => {}).once('data', () => socket.end(answer))
  })
  server.on('tlsClientError', () => {})
  return { port: await listen(t, server), asked }
}

/** What was logged of a request that an upstream did not answer. */
async function failureOf(program: TestProgram): Promise<Record<string, unknown>> {
  const response = await exchange(program.gatewayPort, ask, 5_000)
  if (response.status !== 502) throw new Error(`status ${response.status}`)
  for (let i = 0; i < 100; i++) {
    const line = program.log.find((one) => one['msg'] === 'request')
    if (line !== undefined) return line
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('no line')
}

t.test('the log names what is wrong with an upstream over TLS', async (t) => {
  const authority = makeAuthority(t)
  const other = makeAuthority(t)
  const good = authority.make('good')
  const self = authority.make('self', { isSelfSigned: true })
  const upstreams: Record<string, TlsOptions> = {
    expired: read(authority.make('old', { fromDays: -10, toDays: -1 })),
    not_yet_valid: read(authority.make('young', { fromDays: 1, toDays: 10 })),
    wrong_name: read(authority.make('other', { names: ['other.example'] })),
    unknown_issuer: read(other.make('stranger')),
    self_signed: read(self),
    client_certificate_wanted: {
      ...read(good),
      ca: readFileSync(authority.caFile),
      requestCert: true,
      minVersion: 'TLSv1.3',
    },
    alpn: { ...read(good), ALPNProtocols: ['h2'] },
    tls_version: { ...read(good), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
  }
  for (const [reason, options] of Object.entries(upstreams)) {
    const { port } = await startSecure(t, options)
    const program = await startTestProgram(t, {
      liveUrl: `https://localhost:${port}`,
      upstream: `, ca: ${authority.caFile}`,
    })
    const line = await failureOf(program)
    t.match(line, { reason, code: 'UPSTREAM_ERROR' }, reason)
    t.equal(line['failure'], undefined, `${reason}: no stack`)
    await program.stop()
  }
})

t.test('… and with one that speaks TLS where none is wanted, or none where it is, or no HTTP', async (t) => {
  const authority = makeAuthority(t)
  const identity = read(authority.make('good'))
  const plain = await listen(
    t,
    createPlainServer((socket) => void socket.on('error', () => {}).once('data', () => socket.end(ok))),
  )
  const alert = Buffer.from([21, 3, 1, 0, 2, 2, 70])
  const alerting = await listen(
    t,
    createPlainServer((socket) => void socket.on('error', () => {}).once('data', () => socket.end(alert))),
  )
  const binary = await startSecure(t, identity, Buffer.from([0, 0, 18, 4, 0, 0, 0, 0, 0]))
  const cases: readonly (readonly [reason: string, url: string])[] = [
    ['not_tls', `https://localhost:${plain}`],
    // Some say in an alert that this is no TLS, others close.
    ['not_http', `http://localhost:${alerting}`],
    ['not_http', `https://localhost:${binary.port}`],
  ]
  for (const [reason, liveUrl] of cases) {
    const program = await startTestProgram(t, { liveUrl, upstream: `, ca: ${authority.caFile}` })
    const line = await failureOf(program)
    t.match(line, { reason }, `${reason} ${liveUrl}`)
    t.notMatch(String(line['failure']), /\n|\bat /)
    await program.stop()
  }
})

t.test('a name of one’s own is asked for and verified, with an address in the url too', async (t) => {
  const authority = makeAuthority(t)
  const { port, asked } = await startSecure(t, read(authority.make('inner', { names: ['inner.example'] })))
  const upstream = (name: string) => `, ca: ${authority.caFile}, server_name: ${name}`
  for (const liveUrl of [`https://127.0.0.1:${port}`, `https://localhost:${port}`]) {
    const program = await startTestProgram(t, { liveUrl, upstream: upstream('inner.example') })
    t.match(await exchange(program.gatewayPort, ask, 5_000), { status: 200, body: 'ok' })
    await program.stop()
  }
  const program = await startTestProgram(t, {
    liveUrl: `https://127.0.0.1:${port}`,
    upstream: upstream('other.example'),
  })
  t.match(await failureOf(program), { reason: 'wrong_name' })
  t.same(asked, ['inner.example', 'inner.example'])
})
