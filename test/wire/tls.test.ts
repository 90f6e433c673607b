// TLS on both sides: to clients with renewal in place, to upstreams with certificates checked.

import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { connect as plainConnect } from 'node:net'
import { connect, type PeerCertificate } from 'node:tls'
import t from 'tap'
import { startTestProgram } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { codeOf, exchange, request } from '../support/wire.ts'

const host = 'Host: api.flintn.com'
const ca = readFileSync(tlsFile('ca.pem'))

function peerOf(port: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca, servername: 'localhost' }, () => {
      resolve(socket.getPeerCertificate())
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

t.test('to clients', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-tls-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await copyFile(tlsFile('server.pem'), join(folder, 'tls.pem'))
  await copyFile(tlsFile('server.key'), join(folder, 'tls.key'))
  const program = await startTestProgram(t, {
    gateway: `, limits: { handshake_timeout: 400ms }, require_https: true, tls: { cert: ${folder}/tls.pem, key: ${folder}/tls.key }`,
  })

  await t.test('a request over TLS is served, and the upstream is told https', async (t) => {
    const status = await new Promise((resolve, reject) => {
      httpsRequest(
        {
          port: program.gatewayPort,
          path: '/v1/status',
          ca,
          servername: 'localhost',
          headers: { host: 'api.flintn.com' },
        },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
        .once('error', reject)
        .end()
    })
    t.equal(status, 200)
    t.match(program.live.requests.at(-1)?.headers, [['host', 'api.flintn.com']])
    t.match(JSON.stringify(program.live.requests.at(-1)), '["X-Forwarded-Proto","https"]')
  })

  await t.test('TLS 1.1 is refused', async (t) => {
    const failure = new Promise((resolve) => {
      connect({
        port: program.gatewayPort,
        host: '127.0.0.1',
        ca,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
      }).once('error', resolve)
    })
    t.type(await failure, Error)
  })

  await t.test('who connects and does not shake hands is let go', async (t) => {
    const began = performance.now()
    await new Promise((resolve) => {
      const socket = plainConnect(program.gatewayPort, '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', resolve)
    })
    t.ok(performance.now() - began >= 300)
  })

  await t.test('a renewed certificate is served without a restart', async (t) => {
    t.equal((await peerOf(program.gatewayPort)).subject.CN, 'server.latchkey.test')
    await copyFile(tlsFile('renewed.pem'), join(folder, 'tls.pem'))
    await copyFile(tlsFile('renewed.key'), join(folder, 'tls.key'))
    let seen = ''
    for (let i = 0; i < 100 && seen !== 'renewed.latchkey.test'; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      seen = String((await peerOf(program.gatewayPort)).subject.CN)
    }
    t.equal(seen, 'renewed.latchkey.test')
  })
})

t.test('to upstreams', async (t) => {
  let clientNames: (string | undefined)[] = []
  const upstream = createServer(
    {
      cert: readFileSync(tlsFile('server.pem')),
      key: readFileSync(tlsFile('server.key')),
      ca,
      requestCert: true,
      rejectUnauthorized: false,
    },
    (incoming, response) => {
      const { socket } = incoming
      clientNames.push(
        'getPeerCertificate' in socket ? Object(socket).getPeerCertificate().subject?.CN : undefined,
      )
      response.end('secure')
    },
  ).listen(0, '127.0.0.1')
  t.teardown(() => void upstream.close())
  await new Promise((resolve) => upstream.once('listening', resolve))
  const { port } = Object(upstream.address())

  await t.test('a certificate of an unknown authority is not trusted', async (t) => {
    const program = await startTestProgram(t, { liveUrl: `https://127.0.0.1:${port}` })
    const response = await exchange(program.gatewayPort, request('GET /v1/status', [host]))
    t.equal(response.status, 502)
    t.equal(codeOf(response), 'UPSTREAM_ERROR')
    t.same(clientNames, [], 'nothing was sent')
  })

  await t.test(
    'with its authority configured it is; the client certificate is shown; hosts share the pool',
    async (t) => {
      clientNames = []
      const program = await startTestProgram(t, {
        liveUrl: `https://127.0.0.1:${port}`,
        upstream: `, ca: ${tlsFile('ca.pem')}, cert: ${tlsFile('client.pem')}, key: ${tlsFile('client.key')}`,
      })
      const names = ['api.flintn.com', 'API.flintn.com', 'api.flintn.com:8080', 'api.flintn.com.']
      for (const name of names) {
        const response = await exchange(program.gatewayPort, request('GET /v1/status', [`Host: ${name}`]))
        t.equal(response.status, 200)
        t.match(response.bytes, 'secure')
      }
      t.same(
        clientNames,
        names.map(() => 'client.latchkey.test'),
      )
    },
  )

  await t.test('a certificate for another name is not trusted', async (t) => {
    clientNames = []
    const program = await startTestProgram(t, {
      liveUrl: `https://127.0.0.2:${port}`,
      upstream: `, ca: ${tlsFile('ca.pem')}`,
    })
    const response = await exchange(program.gatewayPort, request('GET /v1/status', [host]))
    t.equal(response.status, 502)
    t.same(clientNames, [])
  })

  await t.test('an authority that is renewed under the same name is taken without a restart', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'latchkey-tls-'))
    t.teardown(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'ca.pem')
    // Any authority but the right one.
    await copyFile(tlsFile('renewed.pem'), file)
    const program = await startTestProgram(t, {
      liveUrl: `https://127.0.0.1:${port}`,
      upstream: `, ca: ${file}`,
    })
    const ask = async () =>
      (await exchange(program.gatewayPort, request('GET /v1/status', [host]), 5_000)).status
    t.equal(await ask(), 502)

    await writeFile(file, 'no certificate')
    await program.program.reload()
    const health = await fetch(`http://127.0.0.1:${program.controlPort}/readyz`)
    t.match(await health.json(), { status: 'degraded', config_fault: /ca\.pem/ })

    await copyFile(tlsFile('ca.pem'), `${file}.new`)
    await rename(`${file}.new`, file)
    let status = 502
    for (let i = 0; i < 100 && status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      status = await ask()
    }
    t.equal(status, 200)
  })
})
