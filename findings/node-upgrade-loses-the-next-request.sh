#!/bin/sh
# Node 20.20.2, 24.21.0 and 26.10.0 (npm package `node`): a server without an `upgrade` listener serves a request that asks
# for an upgrade as a plain one, and keeps the connection, but what came in the same packet behind it is lost.
#
# Two GETs in one packet, the first with `Upgrade: h2c`; then a third one in a packet of its own. Expected, and seen where
# the first one does not ask for an upgrade: /1 /2 /3. Seen with it, in each version:
#   served: /1 /3
#
# Exits non-zero where that is no longer so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.cjs" <<'JS'
const { createServer } = require('node:http')
const { connect } = require('node:net')
const get = (path, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const served = []
const server = createServer((request, response) => {
  served.push(request.url)
  response.end('ok')
})
server.listen(0, '127.0.0.1', () => {
  const client = connect(server.address().port, '127.0.0.1')
  client.resume()
  client.write(get('/1', 'Connection: Upgrade\r\nUpgrade: h2c\r\n') + get('/2'))
  setTimeout(() => client.write(get('/3')), 200)
  setTimeout(() => {
    console.log(process.version, 'served:', served.join(' '))
    process.exit(served.join(' ') === '/1 /3' ? 0 : 1)
  }, 500)
})
JS
for version in 20.20.2 24.21.0 26.10.0; do
  npm install --silent --no-audit --no-fund --prefix "$folder/$version" "node@$version" > "$folder/npm.log" 2>&1
  "$folder/$version/node_modules/.bin/node" "$folder/try.cjs"
done
