// Who sends a request and is gone before it was read is somebody all the same, or nobody at all.

import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared } from '../support/program.ts'
import { tlsFile } from '../support/tls.ts'
import { valuesOf } from '../support/upstream.ts'
import { exchange, request } from '../support/wire.ts'

t.setTimeout(120_000)

const ask = request('GET /v1/status', [host])

/** Connects, sends, and resets at once, `count` times together. */
async function sendAndReset(port: number, count: number, isTls = false): Promise<void> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    const speaker = isTls ? connectTls({ socket, rejectUnauthorized: false }) : socket
    speaker.on('error', () => {})
    speaker.once(isTls ? 'secureConnect' : 'connect', () => {
      speaker.write(ask)
      socket.resetAndDestroy()
    })
    return once(socket, 'close')
  })
  await Promise.all(sockets)
}

t.test('a denied client that resets at once is denied', async (t) => {
  const prepared = await prepareTestProgram(t, { gateway: ', deny: ./deny.yaml' })
  await writeFile(join(dirname(prepared.file), 'deny.yaml'), 'clients: [127.0.0.1]\n')
  const program = await startPrepared(t, prepared)
  for (let i = 0; i < 5; i++) await sendAndReset(program.gatewayPort, 100)
  // Its end waits for that of each connection.
  await program.stop()
  t.equal(program.live.requests.length, 0)
  const lines = program.log.filter(({ msg }) => msg === 'request')
  t.ok(lines.every(({ client, reason }) => client === '127.0.0.1' && reason === 'denied_client'))
})

t.test('so is one over TLS', async (t) => {
  const tls = `{ cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')} }`
  const prepared = await prepareTestProgram(t, { gateway: `, deny: ./deny.yaml, tls: ${tls}` })
  await writeFile(join(dirname(prepared.file), 'deny.yaml'), 'clients: [127.0.0.1]\n')
  const program = await startPrepared(t, prepared)
  for (let i = 0; i < 5; i++) await sendAndReset(program.gatewayPort, 20, true)
  await program.stop()
  t.equal(program.live.requests.length, 0)
  const lines = program.log.filter(({ msg }) => msg === 'request')
  t.ok(lines.every(({ client, reason }) => client === '127.0.0.1' && reason === 'denied_client'))
})

t.test('no request goes on without the address of its client', async (t) => {
  const program = await startKeyedProgram(t)
  for (let i = 0; i < 5; i++) await sendAndReset(program.gatewayPort, 100)
  await program.send('GET /v1/status')
  await program.stop()
  const peers = program.live.requests.map((seen) => valuesOf(seen, 'X-Forwarded-For').join(', '))
  t.same([...new Set(peers)], ['127.0.0.1'])
})

t.test('listening on localhost opens no second port that nothing guards', async (t) => {
  const prepared = await prepareTestProgram(t)
  const config = await readFile(prepared.file, 'utf8')
  await writeFile(prepared.file, config.replaceAll('host: 127.0.0.1', 'host: localhost'))
  const { gatewayPort, controlPort } = await startPrepared(t, prepared)
  for (const port of [gatewayPort, controlPort]) {
    const socket = connect(port, '::1')
    const [error] = await once(socket, 'error')
    t.equal(Object(error).code, 'ECONNREFUSED')
  }
  t.equal((await exchange(gatewayPort, ask)).status, 200)
})
