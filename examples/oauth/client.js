// A program of somebody else's that gets an access token from Latchkey and asks an API with it, by openid-client, a certified
// library. What is done here are the steps of OAuth 2.0 (RFC 6749, 7636, 9126, 9207, 9449, 7009), in their order.
//
//   node examples/oauth/client.js CLIENT.json [--dpop]
//
// CLIENT.json is what `latchkey clients create --json` prints. With --dpop the token is bound to a key of this program, and
// is none without it.

import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { text } from 'node:stream/consumers'
import * as oauth from 'openid-client'

const {
  ISSUER = 'http://localhost:8081/oauth',
  // The demo's API, and where it really is.
  API_URL = 'http://api.flint.com:8080/documents',
  API_ADDRESS = '127.0.0.1',
} = process.env

const [file, flag] = process.argv.slice(2)
if (file === undefined) throw new Error('usage: node examples/oauth/client.js CLIENT.json [--dpop]')
const about = JSON.parse(await readFile(file, 'utf8'))
const isBound = flag === '--dpop'

// What the server can do it says itself. (`allowInsecureRequests`: only as the demo has no certificate.)
const config = await oauth.discovery(new URL(ISSUER), about.client_id, about.client_secret, undefined, {
  algorithm: 'oauth2',
  execute: [oauth.allowInsecureRequests],
})
// Only as no name server knows the API's name: a program of your own leaves this out.
config[oauth.customFetch] = (url, init) =>
  new URL(url).host === new URL(API_URL).host ? fetchFromGateway(url, init) : fetch(url, init)
const options = isBound ? { DPoP: oauth.getDPoPHandle(config, await oauth.randomDPoPKeyPair()) } : {}

const tokens = about.grants.includes('code')
  ? await askPerson(about.redirect_uris[0])
  : await oauth.clientCredentialsGrant(config, {}, options)
console.log(`token: ${tokens.token_type}, for ${tokens.expires_in} s, may ${tokens.scope}`)
await ask('with it', tokens)

if (tokens.refresh_token !== undefined) {
  const next = await oauth.refreshTokenGrant(config, tokens.refresh_token, {}, options)
  await ask('with the one after a refresh', next)
  await oauth.tokenRevocation(config, next.refresh_token)
  await ask('once all of it is revoked', next)
}

/**
 * Leads somebody to the page where access is granted, and waits for that one's browser to come back.
 * @param {string} redirectUri on this machine
 */
async function askPerson(redirectUri) {
  const pkceCodeVerifier = oauth.randomPKCECodeVerifier()
  const expectedState = oauth.randomState()
  const url = await oauth.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: redirectUri,
      code_challenge: await oauth.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
    },
    options,
  )
  const back = await comesBack(redirectUri, () => console.log(`open ${url.href}`))
  return oauth.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState }, undefined, options)
}

/**
 * @param {string} redirectUri
 * @param {() => void} ready called once it is listened for
 * @returns {Promise<URL>} as the browser has asked for it
 */
function comesBack(redirectUri, ready) {
  const { hostname, port, pathname } = new URL(redirectUri)
  return new Promise((resolve) => {
    const server = createServer((incoming, answer) => {
      const url = new URL(incoming.url ?? '/', redirectUri)
      if (url.pathname !== pathname) return void answer.writeHead(404).end()
      answer
        .writeHead(200, { 'content-type': 'text/plain', connection: 'close' })
        .end('Go back to the terminal.\n')
      server.close()
      resolve(url)
    })
    server.listen(Number(port), hostname, ready)
  })
}

/**
 * @param {string} when
 * @param {{ access_token: string }} token
 */
async function ask(when, { access_token: token }) {
  const url = new URL(API_URL)
  // With DPoP: signed with the key that the token is bound to.
  const answer = await oauth
    .fetchProtectedResource(config, token, url, 'GET', null, new Headers(), options)
    .catch((error) => error.response ?? Promise.reject(error))
  console.log(
    `GET ${url.href} ${when}: ${answer.status} ${(await answer.text()).replace(/\s+/g, ' ').slice(0, 160)}`,
  )
}

/**
 * As `fetch`, from the gateway on this machine under the API's name.
 * @param {string} url
 * @param {{ method: string, headers: Record<string, string> }} options
 */
function fetchFromGateway(url, { method, headers }) {
  return new Promise((resolve, reject) => {
    const lookup = (_name, { all }, found) =>
      all ? found(null, [{ address: API_ADDRESS, family: 4 }]) : found(null, API_ADDRESS, 4)
    const take = async (answer) => {
      const body = await text(answer)
      resolve(
        new Response(body, { status: answer.statusCode ?? 500, headers: Object.entries(answer.headers) }),
      )
    }
    request(url, { method, headers, lookup }, (answer) => void take(answer).catch(reject))
      .on('error', reject)
      .end()
  })
}
