// What the probe says of servers that are odd in one way each, and of some that nobody here wrote.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import t, { type Test } from 'tap'
import { createSampleUpstream } from '../../../src/sample/upstream.ts'
import { have, python } from '../../company/programs/have.ts'
import { startNginx } from '../../support/nginx-service.ts'
import { tlsFile } from '../../support/tls.ts'
import { listen, type Oddity, startOddServer } from './odd-server.ts'
import { apiHost, byName, gatewayFile, probing } from './probing.ts'

t.setTimeout(300_000)
const ca = `ca: ${tlsFile('ca.pem')}`
const identity = { cert: readFileSync(tlsFile('server.pem')), key: readFileSync(tlsFile('server.key')) }
const keepAlive = 'Keep-Alive: timeout=60\r\n'

/** Oddity → the settings that are proposed, and what they are founded on. */
const odd: Readonly<Record<string, readonly [Oddity, reuse: string, why: RegExp, connections?: number]>> = {
  'reads-all': [{ fields: keepAlive }, 'all', /read every body/],
  'leaves-all': [{ fields: keepAlive, reads: () => 'nothing' }, 'bodiless', /taken for a request/],
  'leaves-chunks': [
    { fields: keepAlive, reads: ({ isChunked }) => (isChunked ? 'nothing' : 'whole') },
    'bodiless',
    /chunked body.*taken for a request/,
  ],
  'leaves-lengths': [
    { fields: keepAlive, reads: ({ isChunked }) => (isChunked ? 'whole' : 'nothing') },
    'bodiless',
    /known length.*taken for a request/,
  ],
  'leaves-options': [
    { fields: keepAlive, reads: ({ method }) => (method === 'OPTIONS' ? 'nothing' : 'whole') },
    'bodiless',
    /OPTIONS.*taken for a request/,
  ],
  'leaves-late': [
    { fields: keepAlive, reads: () => 'what-is-there' },
    'bodiless',
    /came after its head.*taken for a request/,
  ],
  'cuts-at-once': [{ closesAfterMs: 0 }, 'none', /without having said so/],
  'cuts-soon': [{ closesAfterMs: 700 }, 'none', /without having said so/],
  'cuts-before-its-time': [{ fields: keepAlive, closesAfterMs: 700 }, 'none', /without having said so/],
  'says-close': [{ fields: 'Connection: close\r\n', closesAfterMs: 0 }, 'bodiless', /and says so/],
  'one-place': [{ places: 1 }, 'none', /holds the place of another/, 1],
  'three-places': [{ places: 3 }, 'none', /holds the place of another/, 3],
}

t.test('settings are proposed by what a server was seen to do', async (t) => {
  const servers: [string, string][] = []
  for (const [name, [oddity]] of Object.entries(odd)) {
    servers.push([name, `url: "${(await startOddServer(t, oddity)).url}"`])
  }
  const file = await gatewayFile(t, Object.fromEntries(servers))
  const outcome = await probing(file, '--json', '--patience', '3s')
  t.equal(outcome.exitCode, 0)
  t.equal(outcome.stderr, '')
  const found = byName(outcome)
  for (const [name, [, reuse, why, connections = null]] of Object.entries(odd)) {
    t.match(
      found[name],
      {
        reachable: true,
        http: '1.1',
        status: 404,
        proposal: { reuse, why, connections, queue: connections === null ? null : 128 },
      },
      name,
    )
  }
})

t.test(
  'what no setting mends is said: a server that does not even close where it was asked to',
  async (t) => {
    const deaf = await startOddServer(t, { reads: () => 'nothing', isDeafToClose: true })
    const hearing = await startOddServer(t, { reads: () => 'nothing' })
    const file = await gatewayFile(t, { deaf: `url: "${deaf.url}"`, hearing: `url: "${hearing.url}"` })
    const { stdout, exitCode } = await probing(file, '--patience', '3s')
    t.equal(exitCode, 0)
    t.match(
      stdout,
      /  deaf:\n    reuse: bodiless  # .*\n    # .*even where it was asked to close: put a server before it/,
    )
    t.match(stdout, /  hearing:\n    reuse: bodiless  # .*\n    # .*never `reuse: all`/)
  },
)

t.test('every target of an upstream is asked, and settings are proposed once', async (t) => {
  const paths = new Set<string>()
  const noting = createHttpServer((request, response) => {
    paths.add((request.url ?? '').replace(/-[0-9a-f]{16}$/, ''))
    request.resume().on('end', () => response.writeHead(404).end())
  })
  const [first, second] = [await listen(t, noting), (await startOddServer(t, {})).url]
  const urls = [first, second, 'http://127.0.0.1:1'].map((url) => `{ url: "${url}/base" }`)
  const file = await gatewayFile(t, { several: `targets: [${urls.join(', ')}]` })
  const { stdout, exitCode } = await probing(file, '--patience', '1s')
  t.equal(exitCode, 1, 'one of them could not be reached')
  t.equal(stdout.match(/^several {2}http/gm)?.length, 3)
  t.equal(stdout.match(/^ {2}reachable +yes/gm)?.length, 2)
  t.equal(stdout.match(/^ {2}several:$/gm)?.length, 1)
  t.same([...paths], ['/base/latchkey-probe'], 'below the base path')
})

t.test('later requests that wait are seen', async (t) => {
  const slow = await startOddServer(t, { laterMs: 200 })
  const file = await gatewayFile(t, { slow: `url: "${slow.url}"` })
  const { slow: found } = byName(await probing(file, '--json', '--patience', '3s'))
  t.match(found, { stalls: { stalling: true }, proposal: { notes: [/TCP_NODELAY/] } })
})

t.test(
  'with a path, a server that closes behind errors only is seen as it is with what it has',
  async (t) => {
    const server = await startOddServer(t, { has: '/v1/x?a=%20', places: 1, laterMs: 100 })
    const file = await gatewayFile(t, { a: `url: "${server.url}"` })
    const { a: without } = byName(await probing(file, '--json', '--patience', '3s'))
    t.match(without, { status: 404, proposal: { reuse: 'bodiless', connections: null } })
    const asked = server.heads.length
    const outcome = await probing(file, '--json', '--patience', '3s', '--path', '/v1/x?a=%20')
    t.match(byName(outcome)['a'], {
      status: 200,
      connections_at_once: 1,
      stalls: { stalling: true },
      proposal: { reuse: 'none', connections: 1, queue: 128 },
    })
    const { stdout } = await probing(file, '--patience', '3s', '--path', '/v1/x?a=%20')
    t.match(stdout, /reuse: none  # .*\n    connections: 1\n    queue: 128  # /)
    const heads = server.heads.slice(asked)
    const isBare = (head: string): boolean =>
      head.startsWith('GET ') && !/\r\n(?:content-length|transfer-encoding):/.test(head)
    t.ok(heads.some((head) => !isBare(head)))
    for (const head of heads) {
      t.match(head, isBare(head) ? /^GET \/v1\/x\?a=%20 / : /^[A-Z]+ \/latchkey-probe-[0-9a-f]{16} /)
    }
  },
)

t.test(
  'nothing is sent that changes anything or could be taken for a request, and it says who asks',
  async (t) => {
    const server = await startOddServer(t, { reads: () => 'nothing' })
    const file = await gatewayFile(t, { a: `url: "${server.url}", headers: { X-Internal-Auth: inside }` })
    await probing(file, '--patience', '3s')
    const methods = new Set(server.heads.map((head) => head.slice(0, head.indexOf(' '))))
    t.same(methods, new Set(['GET', 'OPTIONS', 'POST']))
    for (const head of server.heads) {
      t.match(head, /^[A-Z]+ \/latchkey-probe-[0-9a-f]{16} HTTP\/1\.1\r\n/)
      t.match(head, /\r\nuser-agent: latchkey-probe/)
      t.match(head, `\r\nhost: ${apiHost}\r\n`, 'it asks for the host that clients ask for')
      t.match(head, '\r\nX-Internal-Auth: inside')
    }
    const asked = server.heads.length
    const { stdout } = await probing(file, '--patience', '3s', '--without-bodies')
    const later = server.heads.slice(asked)
    t.ok(later.length > 0)
    t.notOk(later.some((head) => !head.startsWith('GET ') || /content-length|transfer-encoding/i.test(head)))
    t.match(stdout, /reuse: bodiless  # it was not asked/)
  },
)

t.test('configured secrets are sent and never shown', async (t) => {
  const secret = 'do-not-show-this-anywhere'
  const server = createHttpServer((incoming, response) => {
    response.writeHead(404, { 'X-Echo': String(incoming.headers['x-internal-auth']) })
    response.end(`you sent ${String(incoming.headers['x-internal-auth'])}`)
  })
  const url = await listen(t, server)
  const garbled = await listen(
    t,
    createServer((socket) => void socket.on('error', () => {}).end(`you sent ${secret}`)),
  )
  const headers = `headers: { X-Internal-Auth: ${secret} }`
  const file = await gatewayFile(t, {
    a: `url: "${url}", ${headers}`,
    b: `url: "${garbled}", ${headers}`,
    c: `url: "http://127.0.0.1:1", ${headers}`,
  })
  for (const more of [[], ['--json']]) {
    const { stdout, stderr, exitCode } = await probing(file, '--patience', '3s', ...more)
    t.equal(exitCode, 1)
    t.notMatch(stdout + stderr, secret)
    t.match(stderr, /2 upstreams could not be reached/)
  }
})

t.test('what cannot be reached is told by its kind', async (t) => {
  const mute = await listen(
    t,
    createServer((socket) => void socket.on('error', () => {}).resume()),
  )
  const hangsUp = await listen(
    t,
    createServer((socket) => void socket.on('error', () => {}).destroy()),
  )
  const secure = await listen(
    t,
    createTlsServer(identity, (socket) => void socket.on('error', () => {}).end()),
  )
  const strict = await listen(
    t,
    createTlsServer({ ...identity, requestCert: true, ca: readFileSync(tlsFile('ca.pem')) }, () => {}),
  )
  const other = await listen(
    t,
    createServer((socket) => void socket.on('error', () => {}).end('220 mail.test\r\n')),
  )
  const plain = await listen(t, createHttpServer())
  const overTls = (url: string) => url.replace('http:', 'https:')
  const cases: Record<string, [entry: string, reason: string]> = {
    refused: ['url: "http://127.0.0.1:1"', 'refused'],
    unnamed: ['url: "http://no-such-name.invalid"', 'name_not_found'],
    mute: [`url: "${mute}"`, 'silent'],
    hangs: [`url: "${hangsUp}"`, 'closed'],
    handshake: [`url: "${overTls(mute)}", connect_timeout: 300ms`, 'tls_timeout'],
    plain: [`url: "${overTls(plain)}"`, 'no_tls'],
    other: [`url: "${other}"`, 'no_http'],
    authority: [`url: "${overTls(secure)}"`, 'certificate_unknown_authority'],
    name: [`url: "${overTls(secure).replace('127.0.0.1', '[::ffff:127.0.0.1]')}", ${ca}`, 'certificate_name'],
    client: [`url: "${overTls(strict)}", ${ca}`, 'client_certificate'],
  }
  const entries = Object.fromEntries(Object.entries(cases).map(([name, [entry]]) => [name, entry]))
  const file = await gatewayFile(t, entries)
  const outcome = await probing(file, '--json', '--patience', '3s')
  t.equal(outcome.exitCode, 1)
  const found = byName(outcome)
  for (const [name, [, reason]] of Object.entries(cases)) {
    if (name === 'unnamed') t.match(found[name], { reachable: false, reason: /^name_/ })
    else t.match(found[name], { reachable: false, reason }, name)
  }
})

t.test('TLS and what it offers are told', async (t) => {
  const server = createSecureServer({ ...identity, allowHTTP1: true }, (_, response) => {
    response.statusCode = 404
    response.end('none')
  })
  server.on('sessionError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  const file = await gatewayFile(t, { a: `url: "https://127.0.0.1:${Object(server.address()).port}", ${ca}` })
  const { a: found } = byName(await probing(file, '--json', '--patience', '3s'))
  t.match(found, { http: '1.1', tls: { version: 'TLSv1.3', alpn: 'http/1.1', offers_h2: true } })
  t.match(
    (await probing(file, 'a', '--patience', '3s')).stdout,
    /TLSv1\.3, ALPN http\/1\.1; offers HTTP\/2 too/,
  )
})

t.test('sizes are found out up to the one that was asked for', async (t) => {
  const server = createHttpServer({ maxHeaderSize: 16 * 1024 }, (incoming, response) => {
    const isLarge = Number(incoming.headers['content-length'] ?? 0) > 500_000
    response.writeHead(isLarge ? 413 : 404, isLarge ? { Connection: 'close' } : {})
    incoming.resume().once('end', () => response.end('none'))
  })
  const file = await gatewayFile(t, { a: `url: "${await listen(t, server)}"` })
  const { a: found } = byName(await probing(file, '--json', '--patience', '3s', '--most', '2mb'))
  t.match(found, {
    largest_body: { taken_bytes: 65_536, refused: { bytes: 1_048_576, by: 413 } },
    largest_head: { taken_bytes: 8_192, refused: { bytes: 16_384, by: 431 } },
    expect_continue: 'continues',
    proposal: { reuse: 'all' },
  })
  const { a: small } = byName(await probing(file, '--json', '--patience', '3s', '--most', '100kb'))
  t.match(small, { largest_body: { taken_bytes: 102_400, refused: null } })
})

t.test('wrong usage is told, and nothing is sent', async (t) => {
  const server = await startOddServer(t)
  const file = await gatewayFile(t, { a: `url: "${server.url}"` })
  for (const [words, reason] of [
    [[file, 'b'], /no upstream of that name \(a\)/],
    [[file, '--patience', 'soon'], /--patience/],
    [[file, '--patience', '0s'], /--patience/],
    [[file, '--most', '1gb'], /--most/],
    [[file, '--path', 'healthz'], /--path/],
    [[file, '--path', '/a b'], /--path/],
    [[`${file}.none`], /not valid/],
    [[], /missing required argument/],
  ] as const) {
    const { exitCode, stderr } = await probing(...words)
    t.equal(exitCode, 2, words.join(' '))
    t.match(stderr, reason)
  }
  t.same(server.heads, [])
  const help = await probing('--help')
  t.equal(help.exitCode, 0)
  t.match(help.stdout, /Example:\n  \$ latchkey upstreams probe/)
})

t.test('the sample upstream and nginx read what they are sent', async (t) => {
  const sample = await createSampleUpstream({ role: 'payments', port: 0 })
  t.teardown(() => sample.close())
  const nginx = await startNginx(t, {})
  const file = await gatewayFile(t, { sample: `url: "${sample.url}"`, nginx: `url: "${nginx.url}"` })
  const outcome = await probing(file, '--json', '--patience', '3s')
  const found = byName(outcome)
  t.match(found['sample'], { reachable: true, proposal: { reuse: 'all' } })
  t.match(found['nginx'], { reachable: true, persistence: { says: 'keep-alive' }, connections_at_once: null })
  t.notMatch(Object(found['nginx']).proposal, { reuse: 'none' })
})

const pythonServer = `
import http.server, socketserver
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(404)
        self.send_header('Content-Length', '0')
        self.end_headers()
    do_POST = do_OPTIONS = do_GET
    def log_message(self, *_):
        pass
server = Server(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`

async function startPython(t: Test): Promise<string> {
  const { file, env } = await have(python)
  const child: ChildProcess = spawn(file, ['-c', pythonServer], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.teardown(() => void child.kill('SIGKILL'))
  const port = await new Promise((resolve) =>
    child.stdout?.once('data', (text: Buffer) => resolve(Number(text))),
  )
  return `http://127.0.0.1:${String(port)}`
}

t.test('a handler of Python’s that does not read its bodies leaves them', async (t) => {
  const file = await gatewayFile(t, { a: `url: "${await startPython(t)}"` })
  const { a: found } = byName(await probing(file, '--json', '--patience', '3s'))
  t.match(found, { reachable: true, proposal: { reuse: 'bodiless' } })
  t.ok(Object(found)['bodies'].some(({ outcome }: { outcome: string }) => outcome === 'left'))
})
