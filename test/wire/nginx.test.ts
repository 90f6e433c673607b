// A real nginx as the upstream, end to end: what was judged is what it serves, and its answers arrive as its own.

import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { nginxBodyLimitBytes, startNginx } from '../support/nginx-service.ts'
import { faultsOfRefusal } from '../support/refusal.ts'
import { exchange, fieldOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const routes = `
  GET  /v1/status: public
  GET  /v1/files/{path...}: transaction.read
  PUT  /v1/files/{path...}: transaction.refund
  POST /v1/files/upload: transaction.refund
`

/** Names of files, each its own content, and the paths under which they are asked for. */
const files: Readonly<Record<string, readonly string[]>> = {
  plain: ['plain', 'pl%61in', '%70%6C%61%69%6E'],
  'a b': ['a%20b'],
  'a+b': ['a+b', 'a%2Bb', 'a%2bb'],
  'caf\u00e9': ['caf%C3%A9'],
  "~!$&'()*,=:@": ["~!$&'()*,=:@", '%7E%21%24%26%27%28%29%2A%2C%3D%3A%40'],
  '"<>^`{|}': ['"<>^`{|}'],
  '...': ['...', '%2e..', '..%2E'],
  'inner/deep/file': ['inner/deep/file'],
}
const contents = Object.fromEntries(Object.keys(files).map((name) => [name, `content of ${name}\n`]))

/** Each would be read as another path by nginx, or by one behind it. */
const hostile = [
  '/v1/files/../secret',
  '/v1/files/..',
  '/v1/files/.',
  '/v1/files/./plain',
  '/v1/files/%2e%2e/secret',
  '/v1/files/%2E./secret',
  '/v1/files/inner/%2e%2e/plain',
  '/v1/files//plain',
  '/v1//files/plain',
  '//v1/files/plain',
  '/v1/files/..%2fsecret',
  '/v1/files%2f..%2fsecret',
  '/v1/files%2Fplain',
  '/v1/files/inner%2fdeep%2ffile',
  '/v1/files/..%5csecret',
  '/v1/files/..\\secret',
  '/v1/files/plain%00',
  '/v1/files/plain%00.txt',
  '/v1/files/plain%23',
  '/v1/files/plain#x',
  '/v1/files/plain%3fx',
  '/v1/files/plain;x=1',
  '/v1/files/plain%3b',
  '/v1/files/%252e%252e/secret',
  '/v1/files/plain%0d%0a',
  '/v1/files/%',
  '/v1/files/%c0%ae%c0%ae/secret',
  '/v1/files../files/plain',
  '/v1/files',
  '/v1/secret',
  '/V1/files/plain',
  '/v1/%66iles/plain',
  'http://127.0.0.1/v1/secret',
]

t.test('nginx behind the gateway', async (t) => {
  const nginx = await startNginx(t, contents)
  const program = await startKeyedProgram(t, { liveUrl: nginx.url, routes })
  const { auth, key, send } = program

  for (const [name, paths] of Object.entries(files)) {
    await t.test(`the file ${name} is served by each of its paths, as judged`, async (t) => {
      for (const path of paths) {
        const target = `/v1/files/${path}?a=%2e%2e/&b=//`
        const response = await send(`GET ${target}`)
        t.equal(Buffer.from(response.body, 'latin1').toString('utf8'), contents[name], path)
        const seen = nginx.requests().at(-1)
        t.equal(seen?.target, target, 'byte for byte')
        t.equal(seen?.path, decodeURIComponent(`/v1/files/${path}`), 'nothing was normalised but escapes')
      }
    })
  }

  await t.test('a hostile path never reaches nginx', async (t) => {
    const before = nginx.requests().length
    for (const path of hostile) {
      const response = await send(`GET ${path}`)
      t.same(faultsOfRefusal(response, [key.secret]), [], path)
      t.ok(response.status === 400 || response.status === 404, `${path} is ${response.status}`)
    }
    t.equal(nginx.requests().length, before)
  })

  await t.test('directly, nginx would serve many of them as something else', async (t) => {
    const statuses = await Promise.all(
      hostile.map(async (path) => (await exchange(nginx.port, request(`GET ${path}`, [host]))).status),
    )
    t.ok(statuses.filter((status) => status === 200).length > 10, statuses.join(' '))
  })

  await t.test('connections to nginx are kept and used again', async (t) => {
    const before = nginx.requests().length
    for (let i = 0; i < 20; i++) await send('GET /v1/status')
    const used = new Set(
      nginx
        .requests()
        .slice(before)
        .map(({ connection }) => connection),
    )
    t.equal(used.size, 1)
  })

  await t.test('an upload arrives whole, announced and chunked', async (t) => {
    const body = 'abc\u0000\r\n\u00ff'.repeat(5_000)
    const announced = await send('PUT /v1/files/new-1', [`Content-Length: ${body.length}`], body)
    t.equal(announced.status, 201)
    t.equal((await send('GET /v1/files/new-1')).body, body)
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    t.equal((await send('PUT /v1/files/new-2', ['Transfer-Encoding: chunked'], chunks)).status, 201)
    t.equal((await send('GET /v1/files/new-2')).body, body)
  })

  await t.test('a compressed, chunked answer arrives as nginx made it', async (t) => {
    const response = await send('GET /v1/files/plain', ['Accept-Encoding: gzip'])
    t.equal(fieldOf(response, 'Content-Encoding'), 'gzip')
    t.match(fieldOf(response, 'Server'), 'nginx')
    const [, size = '0', rest = ''] = /^([0-9a-f]+)\r\n([^]*)$/.exec(response.body) ?? []
    const bytes = Buffer.from(rest.slice(0, Number.parseInt(size, 16)), 'latin1')
    t.equal(gunzipSync(bytes).toString(), contents['plain'])
  })

  await t.test('ranges, conditions and HEAD', async (t) => {
    const range = await send('GET /v1/files/plain', ['Range: bytes=0-6'])
    t.equal(range.status, 206)
    t.equal(range.body, 'content')
    const etag = fieldOf(range, 'ETag') ?? ''
    t.equal((await send('GET /v1/files/plain', [`If-None-Match: ${etag}`])).status, 304)
    const head = await send('HEAD /v1/files/plain')
    t.equal(fieldOf(head, 'Content-Length'), String(contents['plain']?.length))
    t.equal(head.body, '')
  })

  const tooLarge = 'x'.repeat(nginxBodyLimitBytes * 64)
  const uploads: Readonly<Record<string, readonly [string, string]>> = {
    announced: [`Content-Length: ${tooLarge.length}`, tooLarge],
    chunked: ['Transfer-Encoding: chunked', `${tooLarge.length.toString(16)}\r\n${tooLarge}\r\n0\r\n\r\n`],
    'announced, and held back after some bytes': [`Content-Length: ${tooLarge.length}`, 'xxx'],
  }
  for (const [name, [field, body]] of Object.entries(uploads)) {
    await t.test(`nginx's early 413 for a body that is ${name} arrives as its own`, async (t) => {
      for (let i = 0; i < 5; i++) {
        const response = await program.raw(request('PUT /v1/files/large', [host, auth, field], body), 3_000)
        t.equal(response.status, 413)
        t.equal(fieldOf(response, 'X-Error-Source'), undefined)
        t.match(response.body, /<center>nginx/)
      }
    })
  }
})
