#!/bin/sh
# oidc-provider 9.13.3, Node 20 and newer: scopes that it does not know are taken out of a request in silence, also where none is
# left. A client that asks for client credentials with one gets 200 and a token without any scope, and the answer has no `scope`
# either, by which RFC 6749 §5.1 says that the scope is the one that was asked for. A scope that it knows and the client may not
# have is refused with `invalid_scope`, as §5.2 has it.
#
# A client that may ask for `read` of a server with the scopes `read` and `write`. Seen:
#   read           200, scope: read
#   write          400 invalid_scope
#   raed           200, scope: none told
#   read raed      200, scope: read
#
# Exits non-zero where that is no longer so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y > npm.log 2>&1
npm install --silent --no-audit --no-fund oidc-provider@9.13.3 > npm.log 2>&1
cat > try.mjs <<'JS'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const client = {
  client_id: 'books',
  client_secret: 'a-secret-of-an-example',
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
  scope: 'read',
}
const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  clients: [client],
  scopes: ['read', 'write'],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
})
server.on('request', provider.callback())

async function ask(scope) {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  })
  const body = await answer.json()
  const told = answer.ok ? `200, scope: ${body.scope ?? 'none told'}` : `${answer.status} ${body.error}`
  console.log(`${scope.padEnd(15)}${told}`)
  return told
}

const seen = [await ask('read'), await ask('write'), await ask('raed'), await ask('read raed')]
server.close()
const expected = ['200, scope: read', '400 invalid_scope', '200, scope: none told', '200, scope: read']
process.exit(seen.join() === expected.join() ? 0 : 1)
JS
node try.mjs 2> node.log || { cat node.log; exit 1; }
