import t from 'tap'
import { judgeHost } from '../../src/control/message.ts'
import { codeOf, exchange, fieldOf, request } from '../support/wire.ts'
import { createSubject, token } from './subject.ts'

void t.test('what Node would answer by itself has the shape of every other error', async (t) => {
  const { app } = await createSubject(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const authorization = `Authorization: Bearer ${token}`
  for (const fields of [[authorization], ['Host: a', 'Host: b', authorization]]) {
    const answer = await exchange(port, request('GET /admin/v1/keys', fields))
    t.equal(answer.status, 400, String(fields))
    t.equal(codeOf(answer), 'BAD_REQUEST')
    t.match(fieldOf(answer, 'X-Request-Id'), /^req_/)
    t.equal(fieldOf(answer, 'X-Error-Source'), 'gateway')
  }
  const expecting = await exchange(
    port,
    request('POST /admin/v1/merchants', ['Host: a', authorization, 'Expect: miracles', 'Content-Length: 0']),
  )
  t.equal(expecting.status, 422)
  t.equal(codeOf(expecting), 'VALIDATION_FAILED')
  const old = await exchange(port, 'GET /livez HTTP/1.0\r\n\r\n')
  t.equal(old.status, 200)
  const noise = await exchange(port, 'NOISE\r\n\r\n')
  t.equal(codeOf(noise), 'BAD_REQUEST')
})

void t.test('one Host is needed from HTTP/1.1 on', async (t) => {
  t.equal(judgeHost({ rawHeaders: ['HOST', 'a'], httpVersion: '1.1' }), undefined)
  t.equal(judgeHost({ rawHeaders: ['X', 'host'], httpVersion: '1.0' }), undefined)
  t.match(judgeHost({ rawHeaders: ['X', 'host'], httpVersion: '1.1' }), { reason: 'missing_host' })
})

void t.test(
  'requests sent ahead begin one by one, and not while Node is about the end of the one before',
  async (t) => {
    const { app } = await createSubject(t)
    const order: string[] = []
    app.addHook('onRequest', async (_, { raw }) => {
      const number = order.push('begun')
      // Behind Node's own listener, which gives the next one its connection.
      raw.once('finish', () => order.push(`ended ${number}`))
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const address = app.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const one = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n'
    const last = 'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
    await exchange(port, one + one + last)
    t.same(order, ['begun', 'ended 1', 'begun', 'ended 3', 'begun', 'ended 5'])
  },
)
