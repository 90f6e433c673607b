// Contract 9.7: the hub’s pages and files as the control port serves them.

import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { hubPages } from '../../../src/control/hub/pages.ts'
import { createSubject, depsOf, startMs } from '../subject.ts'

const script = 'console.log("hub")'.repeat(100)
const page =
  '<head><base href="./" /><meta name="style-nonce" content="" /><meta name="gateway" content="" /></head>'
const files = {
  page,
  assets: new Map([
    [
      'assets/main-1a2b.js',
      { type: 'text/javascript; charset=utf-8', body: Buffer.from(script), tag: '"one"' },
    ],
    ['assets/face-3c4d.woff2', { type: 'font/woff2', body: Buffer.from('face'), tag: '"two"' }],
  ]),
}

async function subjectWithHub(t: Parameters<typeof createSubject>[0]) {
  const { hub } = depsOf({ db: null, clock: { nowMs: startMs }, logged: [] })
  return createSubject(t, { hub: hub && { ...hub, pages: { files, gatewayUrl: 'http://localhost:8080' } } })
}

void t.test('each deep link answers with the page, and knows its way to the root', async (t) => {
  const { app } = await subjectWithHub(t)
  for (const path of hubPages) {
    const url = path.replaceAll(/:\w+/g, 'any_1')
    const answer = await app.inject({ url })
    t.equal(answer.statusCode, 200, url)
    t.match(answer.headers, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, url)
    const [, base = ''] = /<base href="([^"]*)"/.exec(answer.body) ?? []
    t.equal(new URL(base, `https://hub.test/behind/a/prefix${url}`).pathname, '/behind/a/prefix/', url)
  }
  const query = await app.inject({ url: '/developers?env=a/b/c' })
  t.match(query.body, '<base href="./"')
  t.match(query.body, 'name="gateway" content="http://localhost:8080"')
})

void t.test('a page may load what is its own, run no script within it, and stand in no frame', async (t) => {
  const { app } = await subjectWithHub(t)
  const [first, second] = [await app.inject({ url: '/' }), await app.inject({ url: '/' })]
  const policy = String(first.headers['content-security-policy'])
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
  ])
    t.ok(policy.split('; ').includes(part), part)
  t.notMatch(policy, /script-src[^;]*(?:unsafe|nonce|http)/)
  const [, nonce = ''] = /name="style-nonce" content="([^"]+)"/.exec(first.body) ?? []
  t.ok(policy.includes(`style-src-elem 'self' 'nonce-${nonce}'`))
  t.equal(second.body.includes(nonce), false, 'each answer has a nonce of its own')
})

void t.test('files with hashes are kept for good, packed for those who take that', async (t) => {
  const { app } = await subjectWithHub(t)
  const url = '/assets/main-1a2b.js'
  const plain = await app.inject({ url })
  t.match(plain.headers, {
    'cache-control': 'public, max-age=31536000, immutable',
    'content-type': 'text/javascript; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
  t.equal(plain.body, script)
  const packed = await app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } })
  t.equal(packed.headers['content-encoding'], 'gzip')
  t.equal(gunzipSync(packed.rawPayload).toString(), script)
  const refused = await app.inject({ url, headers: { 'accept-encoding': 'gzip;q=0, identity' } })
  t.equal(refused.headers['content-encoding'], undefined)
  const same = await app.inject({ url, headers: { 'if-none-match': '"one"' } })
  t.equal(same.statusCode, 304)
  const face = await app.inject({ url: '/assets/face-3c4d.woff2', headers: { 'accept-encoding': 'gzip' } })
  t.equal(face.headers['content-encoding'], undefined)
})

void t.test('what is none of its files is not there, whatever it is called', async (t) => {
  const { app } = await subjectWithHub(t)
  for (const url of [
    '/assets/',
    '/assets/main.js',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/index.html',
    '/assets/__proto__',
    '/index.html',
    '/developers/keys',
    '/developers/keys/a/b',
    '/operator',
  ])
    t.match((await app.inject({ url })).json(), { error: { code: 'NOT_FOUND' } }, url)
  t.equal((await app.inject({ url: '/developers', method: 'POST' })).statusCode, 404)
})

void t.test('without a hub none of its paths is there', async (t) => {
  const { app } = await createSubject(t, { hub: null })
  for (const path of [...hubPages, '/assets/main-1a2b.js'])
    t.equal((await app.inject({ url: path.replaceAll(/:\w+/g, 'any_1') })).statusCode, 404, path)
})
