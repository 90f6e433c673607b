#!/bin/sh
# fastify 5.12.8, Node 20 and newer: a route for GET has one for HEAD beside it (`exposeHeadRoutes`, on unless said). Where GET
# answers with a stream, HEAD is answered at once, with nothing to say how long the answer would be; but the stream is read to
# its end afterwards, as fast as it gives, with no client to wait for and none whose leaving would end it.
#
# A stream that counts its 20,000 pages, asked for by HEAD, and the client gone when the answer has come. Seen:
#   HEAD 200, pages read when it came: fewer than 20000; in the end: 20000
# and with `exposeHeadRoute: false` on the route:
#   HEAD 404, pages read: 0
#
# Exits non-zero where that is no longer so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > npm.log 2>&1
npm install --silent --no-audit --no-fund fastify@5.12.8 > npm.log 2>&1
cat > try.cjs <<'JS'
const { Readable } = require('node:stream')
const { request } = require('node:http')
const { setTimeout: sleep } = require('node:timers/promises')
const fastify = require('fastify')

const pages = 20_000

async function ask(options) {
  let read = 0
  async function* export_() {
    for (let page = 0; page < pages; page++) {
      // As if a store were asked for it.
      await new Promise((resolve) => setImmediate(resolve))
      read++
      yield 'a page of a long list\n'
    }
  }
  const app = fastify()
  app.get('/export', options, (_, reply) => reply.send(Readable.from(export_())))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address()
  const status = await new Promise((resolve, reject) => {
    const head = request({ port, host: '127.0.0.1', method: 'HEAD', path: '/export', agent: false }, (answer) => {
      resolve(answer.statusCode)
      answer.socket.destroy()
    })
    head.on('error', reject).end()
  })
  const atAnswer = read
  await sleep(2_000)
  await app.close()
  return { status, atAnswer, inTheEnd: read }
}

;(async () => {
  const usual = await ask({})
  console.log(`HEAD ${usual.status}, pages read when it came: ${usual.atAnswer}; in the end: ${usual.inTheEnd}`)
  const without = await ask({ exposeHeadRoute: false })
  console.log(`without a HEAD route: HEAD ${without.status}, pages read: ${without.inTheEnd}`)
  const isSo = usual.status === 200 && usual.atAnswer < pages && usual.inTheEnd === pages
  process.exit(isSo && without.status === 404 && without.inTheEnd === 0 ? 0 : 1)
})()
JS
node try.cjs
