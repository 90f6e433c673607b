// Pages of another origin in a real Chromium: a refusal is an answer that they can read, and where they may not ask they see
// nothing at all.

import { once } from 'node:events'
import { createServer } from 'node:http'
import t from 'tap'
import { generateSecret, Secret } from '../../src/credentials/secret.ts'
import type { RecordedRequest } from '../support/upstream.ts'
import { type Page, startBrowser } from './browser/devtools.ts'
import { startForCompany } from './keyed.ts'
import type { Teardown } from './programs/run.ts'
import { writeRow } from './table.ts'

t.setTimeout(300_000)

const mebibyte = 1024 * 1024
const routes = `
  GET  /v1/things/{id}: transaction.read
  PUT  /v1/things/{id}: { permission: transaction.read, max_body: 1kb }
  POST /v1/refund: transaction.refund
`
/** Of unknown keys, before a client is told to wait. */
const failedLookups = 3

/** What a page has got of an answer; `error` is all it is told where there is none for it. */
const script = `async (url, { bodyBytes, ...init }) => {
  try {
    const body = bodyBytes === undefined ? undefined : 'x'.repeat(bodyBytes)
    const answer = await fetch(url, { ...init, body, signal: AbortSignal.timeout(20_000) })
    const field = (name) => answer.headers.get(name)
    const { error, ok } = await answer.json()
    return { status: answer.status, code: error?.code ?? String(ok), id: field('X-Request-Id') !== null,
      told: error?.request_id === undefined || error.request_id === field('X-Request-Id'),
      wait: /^[0-9]+$/.test(field('Retry-After') ?? '') }
  } catch (error) {
    return { error: String(error) }
  }
}`

const unseen = { error: 'TypeError: Failed to fetch' }

interface Ask {
  readonly name: string
  readonly path: string
  readonly key: 'full' | 'weak' | 'unknown' | 'none'
  readonly method?: 'GET' | 'PUT' | 'POST'
  readonly bodyBytes?: number
  readonly times?: number
  readonly status: number
  /** `true`: the upstream's own answer. */
  readonly code: string
}

const asks: readonly Ask[] = [
  { name: 'an answer', path: '/v1/things/1', key: 'full', status: 200, code: 'true' },
  {
    name: 'no key, no preflight',
    path: '/v1/things/1',
    key: 'none',
    status: 401,
    code: 'MISSING_API_KEY',
  },
  { name: 'an unknown key', path: '/v1/things/1', key: 'unknown', status: 401, code: 'INVALID_API_KEY' },
  {
    name: 'no permission',
    path: '/v1/refund',
    key: 'weak',
    method: 'POST',
    bodyBytes: 20,
    status: 403,
    code: 'INSUFFICIENT_PERMISSIONS',
  },
  {
    name: 'no permission, large upload',
    path: '/v1/refund',
    key: 'weak',
    method: 'POST',
    bodyBytes: 8 * mebibyte,
    times: 5,
    status: 403,
    code: 'INSUFFICIENT_PERMISSIONS',
  },
  {
    name: 'too large',
    path: '/v1/things/1',
    key: 'full',
    method: 'PUT',
    bodyBytes: 8 * mebibyte,
    times: 5,
    status: 413,
    code: 'BODY_TOO_LARGE',
  },
  {
    name: 'too many unknown keys',
    path: '/v1/things/1',
    key: 'unknown',
    times: failedLookups,
    status: 429,
    code: 'TOO_MANY_REQUESTS',
  },
]

/** A site with one empty page; its origin by address, and by another name. */
async function startSite(t: Teardown): Promise<{ readonly origin: string; readonly other: string }> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>shop</title>')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = Object(server.address())
  return { origin: `http://127.0.0.1:${port}`, other: `http://localhost:${port}` }
}

function answerAs(status: string, fields: readonly string[], body = ''): string {
  return [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`, '', body].join('\r\n')
}

/** An upstream that lets pages of one origin ask, by preflights of its own. */
const ruling =
  (origin: string) =>
  ({ method, headers }: RecordedRequest): string => {
    const asked = headers.find(([name]) => name.toLowerCase() === 'origin')?.[1]
    const allowed = asked === origin ? [`Access-Control-Allow-Origin: ${origin}`] : []
    if (method !== 'OPTIONS') return answerAs('200 OK', allowed, '{"ok":true}')
    const rules = ['Access-Control-Allow-Methods: GET, PUT, POST', 'Access-Control-Allow-Headers: x-api-key']
    return answerAs('204 No Content', [...allowed, ...rules, 'Access-Control-Max-Age: 0'])
  }

/** An upstream that knows nothing of origins. */
const plain = (): string => answerAs('200 OK', [], '{"ok":true}')

t.test('in Chromium', async (t) => {
  const site = await startSite(t)
  const browser = await startBrowser(t)
  const pages = { origin: await browser.open(`${site.origin}/`), other: await browser.open(`${site.other}/`) }
  const ways = {
    'the upstream’s rules': { api: '    cors: upstream', answer: ruling(site.origin) },
    'the gateway’s own rules': {
      api: `    cors: { origins: ["${site.origin}"], headers: [X-Api-Key, Content-Type] }`,
      answer: plain,
    },
    'no rules': { api: '    cors: off', answer: plain },
  }
  let asked = 0
  for (const [name, way] of Object.entries(ways)) {
    await t.test(name, async (t) => {
      const limits = `, limits: { failed_lookups: ${failedLookups} }`
      const program = await startForCompany(t, { routes, gateway: limits, ...way })
      const weak = await program.admin.makeKey(program.merchant, { permissions: ['transaction.read'] })
      const keys = {
        full: () => program.key.secret,
        weak: () => weak.secret,
        unknown: () => Secret.reveal(generateSecret('pk_live_')),
        none: () => undefined,
      }
      const upstreamMethods = (): string[] => program.live.requests.map(({ method }) => method)
      const askFrom = async (page: Page, { path, key, method = 'GET', bodyBytes }: Ask): Promise<unknown> => {
        asked++
        const secret = keys[key]()
        const headers = secret === undefined ? {} : { 'X-Api-Key': secret }
        return page.run(script, `http://127.0.0.1:${program.gatewayPort}${path}`, {
          method,
          headers,
          ...(bodyBytes !== undefined && { bodyBytes }),
        })
      }

      if (name !== 'no rules')
        for (const ask of asks) {
          const { status, code, times = 1 } = ask
          const found: unknown[] = []
          for (let i = 0; i < times; i++) found.push(await askFrom(pages.origin, ask))
          const isOurs = code !== 'true'
          const wanted = { status, code, id: true, told: true, wait: status === 429 }
          const last = ask.status === 429 ? found.slice(-1) : found
          if (isOurs || name !== 'the upstream’s rules')
            t.same(
              last,
              last.map(() => wanted),
              ask.name,
            )
          else t.match(last, [{ status, code }], 'of an answer it sees what the upstream says')
        }
      else for (const ask of asks) t.same(await askFrom(pages.origin, ask), unseen, ask.name)

      const before = program.live.requests.length
      const mayRefusalsBeRead = name === 'the upstream’s rules'
      for (const ask of asks) {
        const found = await askFrom(pages.other, ask)
        if (mayRefusalsBeRead && ask.key === 'none') t.match(found, { status: 401, code: ask.code }, ask.name)
        else t.same(found, unseen, `another origin: ${ask.name}`)
      }
      const preflights = upstreamMethods().filter((method) => method === 'OPTIONS').length
      t.equal(preflights > 0, name === 'the upstream’s rules', 'who answers preflights')
      t.ok(
        upstreamMethods()
          .slice(before)
          .every((method) => method === 'OPTIONS'),
        'what another origin asks never gets there',
      )
    })
  }
  writeRow({ program: 'Chromium', version: browser.version, asked, same: asked, notes: [] })
})
