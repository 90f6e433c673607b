// Sessions of TLS: whichever process made one, each takes it.

import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import t from 'tap'
import { createTicketKeys } from '../../src/main/ticket-keys.ts'
import { startProcess } from '../support/process.ts'
import { adminToken, cacheKey, prepareTestProgram } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { childrenOf, freePort, until } from './fleet.ts'

t.setTimeout(240_000)
const ca = readFileSync(tlsFile('ca.pem'))

function shake(
  port: number,
  options: { readonly session?: Buffer; readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' },
) {
  return new Promise<{ session: Buffer; isReused: boolean }>((resolve, reject) => {
    let session: Buffer | undefined
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', ca, servername: 'localhost', ...options })
    socket.on('session', (made: Buffer) => (session = made))
    socket.on('error', reject)
    // An answer, so that what comes behind the handshake has come too.
    socket.on('secureConnect', () => socket.write('GET /v1/status HTTP/1.1\r\nHost: api.flintn.com\r\n\r\n'))
    socket.on('data', () => {
      const isReused = socket.isSessionReused()
      socket.destroy()
      resolve({ session: session ?? socket.getSession() ?? Buffer.alloc(0), isReused })
    })
  })
}

t.test('a session of one worker is taken by all, and by those that come after them', async (t) => {
  const port = await freePort()
  const tls = `cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')}`
  const { file } = await prepareTestProgram(t, { port, gateway: `, tls: { ${tls} }` })
  const env = { LATCHKEY_ADMIN_TOKEN: adminToken, LATCHKEY_CACHE_KEY: cacheKey }
  const running = await startProcess(['--config', file, '--workers', '2'], env, 'serving')
  t.teardown(async () => void (await running.stop()))
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    const { session } = await shake(port, { maxVersion })
    // The primary hands connections to its workers in turn.
    for (let i = 0; i < 6; i++) t.ok((await shake(port, { maxVersion, session })).isReused, maxVersion)
  }
  const { session } = await shake(port, {})
  const before = childrenOf(running.child.pid)
  running.child.kill('SIGUSR2')
  t.ok(await until(() => running.output().includes('Workers replaced')))
  t.notOk(childrenOf(running.child.pid).some((pid) => before.includes(pid)))
  t.ok((await shake(port, { session })).isReused, 'replaced workers have them too')
  t.notMatch(running.output(), /ticket_keys/)
})

t.test('the keys are renewed, and whoever follows them is told', async (t) => {
  const keys = createTicketKeys(10)
  t.teardown(() => keys.stop())
  const first = keys.current()
  t.equal(first.length, 48)
  // The timer alone keeps no process alive.
  const alive = setInterval(() => {}, 1_000)
  const next = await new Promise<Buffer>((resolve) => keys.follow(resolve))
  clearInterval(alive)
  t.notOk(next.equals(first))
  t.ok(keys.current().equals(next))
})
