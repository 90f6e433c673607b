// The bound on connections over TLS, and behind balancers that speak the PROXY protocol: the same one, and as polite, but
// where nothing can be said yet.

import t from 'tap'
import { tlsFile } from '../support/tls.ts'
import { until } from './fleet.ts'
import { askOne, count, type Front, openMany, startAlone, tooMany } from './many-connections.ts'
import { probe } from './process.ts'

t.setTimeout(300_000)

const tls = `, tls: { cert: ${tlsFile('server.pem')}, key: ${tlsFile('server.key')} }`
const proxy = ', trusted_proxies: [127.0.0.1], proxy_protocol: true'
const begins = 'PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n'

const fronts: Readonly<Record<string, Front>> = {
  TLS: { gateway: tls, isTls: true, begins: '' },
  'a balancer of connections': { gateway: proxy, isTls: false, begins },
  'a balancer of connections, and TLS': { gateway: proxy + tls, isTls: true, begins },
}

async function clientsOf(controlPort: number): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text()
  const values = [...text.matchAll(/^latchkey_client_connections\{of="(\w+)"\} (\d+)$/gm)]
  return Object.fromEntries(values.map(([, of, value]) => [of, Number(value)]))
}

for (const [name, front] of Object.entries(fronts)) {
  t.test(`more connections than one process can have: ${name}`, async (t) => {
    const subject = await startAlone(t, { front })
    t.equal(await askOne(subject), '200')
    const held = await openMany(subject.port, tooMany)

    const { open = 0, most = 0 } = await clientsOf(subject.controlPort)
    await t.test('while they are there, others are told', async (t) => {
      const seen = await count(Array.from({ length: 20 }, () => askOne(subject)))
      t.same(Object.keys(seen), ['503 OVERLOADED and closed'], JSON.stringify(seen))
      t.ok(open >= most && open <= most * 1.34, `${open} of ${most}, and those that are there to be refused`)
      t.match(await probe(subject.controlPort), { status: 200, body: { status: 'ok' } })
    })

    for (const socket of held) socket.destroy()
    await t.test('when they have gone, all are served', async (t) => {
      t.ok(await until(async () => (await askOne(subject)) === '200'))
      t.same(await count(Array.from({ length: 20 }, () => askOne(subject))), { 200: 20 })
      t.ok(await until(async () => (await clientsOf(subject.controlPort))['open'] === 0))
    })

    await t.test('a storm of requests leaves nothing behind', async (t) => {
      const seen = await count(Array.from({ length: tooMany }, () => askOne(subject)))
      // In the midst of a handshake nothing can be said, and what was said behind a header that is there alone is lost where
      // the request comes a moment later.
      t.ok((seen['200'] ?? 0) >= most, JSON.stringify(seen))
      t.ok(await until(async () => (await clientsOf(subject.controlPort))['open'] === 0))
      t.equal(await askOne(subject), '200')
      t.match(await probe(subject.controlPort), { status: 200, body: { status: 'ok' } })
    })
  })
}
