// Contract 8: the control port over HTTPS, and addresses behind proxies.

import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect as connectPlain } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import type { ControlTls } from '../../src/control/tls.ts'
import { makeAuthority } from '../support/certificates.ts'
import { createSubject, token } from './subject.ts'

const ciphers = 'ECDHE+AESGCM'

async function get(port: number, ca: Buffer, path: string): Promise<{ status: number; serial: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, connection: 'close' }
    const sent = request({
      port,
      host: '127.0.0.1',
      path,
      ca,
      headers,
      servername: 'hub.example',
      agent: false,
    })
    sent.on('response', (response) => {
      const { socket } = response
      const serial =
        'getPeerCertificate' in socket ? (socket as TLSSocket).getPeerCertificate().serialNumber : ''
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, serial }))
    })
    sent.on('error', reject).end()
  })
}

void t.test('it answers over TLS, with a certificate that is renewed, and not without', async (t) => {
  const authority = makeAuthority(t)
  const first = authority.make('first', { names: ['hub.example'] })
  const second = authority.make('second', { names: ['hub.example'] })
  const pairOf = (made: typeof first) => ({
    cert: readFileSync(made.certFile),
    key: readFileSync(made.keyFile),
  })
  let pair = pairOf(first)
  let renewed = () => {}
  const follow = (take: () => void) => void (renewed = take)
  const tls: ControlTls = {
    current: () => pair,
    follow,
    ciphers,
    asksClients: false,
    handshakeTimeoutMs: 10_000,
  }
  const { app } = await createSubject(t, { tls })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const ca = readFileSync(authority.caFile)
  const before = await get(port, ca, '/admin/v1/keys')
  t.equal(before.status, 200)
  pair = pairOf(second)
  renewed()
  const after = await get(port, ca, '/livez')
  t.equal(after.status, 200)
  t.not(after.serial, before.serial)
  const said = await new Promise<string>((resolve) => {
    const socket = connectPlain(port, '127.0.0.1', () =>
      socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'),
    )
    let text = ''
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
    socket.on('error', () => {}).on('close', () => resolve(text))
  })
  t.notMatch(said, 'HTTP/1.1 200')
  t.equal((await get(port, ca, '/livez')).status, 200)
})

void t.test('a handshake that is not ended, or is none, ends with its connection', async (t) => {
  const made = makeAuthority(t).make('first', { names: ['hub.example'] })
  const pair = { cert: readFileSync(made.certFile), key: readFileSync(made.keyFile) }
  const tls: ControlTls = {
    current: () => pair,
    follow: () => {},
    ciphers,
    asksClients: false,
    handshakeTimeoutMs: 300,
  }
  const { app } = await createSubject(t, { tls })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  // None of them ends its side: whether it is closed is the server's.
  const open = (first: Buffer) =>
    new Promise<void>((resolve) => {
      const socket = connectPlain({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(first))
      socket.on('error', () => {}).on('close', () => resolve())
      socket.on('end', () => resolve()).resume()
      t.teardown(async () => void socket.destroy())
    })
  const beginning = Buffer.from('1603010200010001fc0303', 'hex')
  await Promise.all([beginning, Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n')].map(open))
  while ((await connections(app.server)) > 0) await sleep(20)
  t.equal(await connections(app.server), 0)
})

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  )
}

void t.test(
  'a trusted proxy says who the client is, for admin_from, the audit and the log; nobody else does',
  async (t) => {
    const subject = await createSubject(t, { trustedProxies: ['10.0.0.0/8'], adminFrom: ['192.0.2.0/24'] })
    const ask = async (
      remoteAddress: string,
      forwarded: string | undefined,
      method: 'GET' | 'POST' = 'GET',
    ) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
      }
      const url = '/admin/v1/merchants'
      const body = method === 'POST' ? { payload: { name: 'A' } } : {}
      return (await subject.app.inject({ method, url, headers, remoteAddress, ...body })).statusCode
    }
    t.equal(await ask('10.0.0.1', '192.0.2.7', 'POST'), 201)
    t.equal(await ask('10.0.0.1', '192.0.2.7, 10.0.0.2'), 200)
    t.equal(await ask('::ffff:10.0.0.1', '192.0.2.7'), 200)
    // What the client itself wrote stands to the left of what the proxy did.
    t.equal(await ask('10.0.0.1', '192.0.2.7, 198.51.100.1'), 403)
    t.equal(await ask('10.0.0.1', '192.0.2.7, unknown'), 403)
    t.equal(await ask('10.0.0.1', undefined), 403)
    const lax = await createSubject(t, { trustedProxies: ['10.0.0.1'], adminFrom: ['10.0.0.0/8'] })
    for (const [forwarded, status] of [
      [undefined, 403],
      ['', 403],
      ['unknown', 403],
      ['10.0.0.9', 200],
    ] as const) {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(forwarded !== undefined && { 'x-forwarded-for': forwarded }),
      }
      const asked = { url: '/admin/v1/merchants', headers, remoteAddress: '10.0.0.1' }
      t.equal((await lax.app.inject(asked)).statusCode, status, `a proxy in admin_from: ${forwarded}`)
    }
    t.equal(await ask('198.51.100.1', '192.0.2.7'), 403)
    t.equal(await ask('192.0.2.1', '198.51.100.1'), 200)
    t.match(await subject.db.query('SELECT client FROM change_origin'), [{ client: '192.0.2.7' }])
    t.match(subject.logged.join(''), /"reason":"admin_address","client":"198\.51\.100\.1"/)
  },
)

void t.test(
  'its public name is one that probes are answered under, and stands in the document',
  async (t) => {
    const { app } = await createSubject(t, { publicUrl: 'https://hub.example.com' })
    const ask = (host: string) => app.inject({ url: '/readyz', headers: { host } })
    t.equal((await ask('hub.example.com')).statusCode, 200)
    t.equal((await ask('other.example.com')).statusCode, 421)
    t.match((await app.inject({ url: '/openapi.json' })).json(), {
      servers: [{ url: 'https://hub.example.com' }],
    })
  },
)
