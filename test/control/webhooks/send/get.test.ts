// What clients publish is fetched by the rules of webhooks: of bounded length, in bounded time, and from nowhere else than was judged.

import { createServer, type RequestListener } from 'node:http'
import t from 'tap'
import { createDestinationRule } from '../../../../src/control/webhooks/send/destination.ts'
import { get } from '../../../../src/control/webhooks/send/get.ts'

async function served(
  t: { teardown(fn: () => unknown): unknown },
  listener: RequestListener,
): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://books.test:${Object(server.address()).port}/jwks?x=1`
}

const never = new AbortController().signal

function depsOf(allow: readonly string[], timeoutMs = 2_000) {
  const rule = createDestinationRule(allow)
  return { resolve: async () => ['127.0.0.1'], rule, timeoutMs, mostBytes: 1_000 }
}

t.test('the body of an answer 200, and of no other', async (t) => {
  const url = await served(t, (request, answer) => answer.end(`${request.method} ${request.url}`))
  t.equal(await get(depsOf(['127.0.0.1']), url, never), 'GET /jwks?x=1')
  for (const status of [204, 301, 404, 500]) {
    const other = await served(t, (_, answer) => answer.writeHead(status, { location: url }).end())
    t.equal(await get(depsOf(['127.0.0.1']), other, never), undefined, String(status))
  }
})

t.test('not from an address that is no public one', async (t) => {
  let asked = 0
  const url = await served(t, (_, answer) => {
    asked++
    answer.end('x')
  })
  t.equal(await get(depsOf([]), url, never), undefined)
  t.equal(await get(depsOf([]), url.replace('http:', 'https:'), never), undefined)
  t.equal(asked, 0)
})

t.test('neither more than is wanted, nor for longer', async (t) => {
  const long = await served(t, (_, answer) => answer.end('x'.repeat(1_001)))
  t.equal(await get(depsOf(['127.0.0.1']), long, never), undefined)
  const slow = await served(t, (_, answer) => answer.write('x'))
  t.equal(await get(depsOf(['127.0.0.1'], 100), slow, never), undefined)
  const cut = await served(t, (_, answer) => {
    answer.writeHead(200, { 'content-length': 10 }).write('x')
    setTimeout(() => answer.destroy(), 20)
  })
  t.equal(await get(depsOf(['127.0.0.1']), cut, never), undefined)
  t.equal(await get(depsOf(['127.0.0.1']), long, AbortSignal.abort()), undefined)
})
