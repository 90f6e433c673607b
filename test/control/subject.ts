// A control plane on a database of its own, and a caller with a token.

import type { InjectOptions } from 'fastify'
import { pino } from 'pino'
import type { Api, Table } from '../../src/config/compiled.ts'
import type { ControlApp, ControlDeps } from '../../src/control/dependencies.ts'
import { createDestinationRule } from '../../src/control/webhooks/send/destination.ts'
import { parseAdminTokens } from '../../src/control/operator.ts'
import { createControlServer } from '../../src/control/server.ts'
import { createSealing } from '../../src/credentials/sealing.ts'
import { createDenyStop } from '../../src/lookup/deny-stop.ts'
import { createDenyWords } from '../../src/lookup/deny-words.ts'
import { endTokens } from '../../src/store/oauth/access-token-table.ts'
import type { Change } from '../../src/store/change-table.ts'
import { listInstances } from '../../src/store/instance-table.ts'
import type { Postgres } from '../../src/store/postgres.ts'
import { createDatabase } from '../support/database.ts'

const sealing = createSealing(['a key of thirty-two characters..'])
export const token = 'a-token-of-thirty-two-characters'

export const startMs = Date.UTC(2026, 0, 15, 12)

export interface Answer {
  readonly status: number
  readonly headers: Record<string, unknown>
  // Bodies are compared by tap's match, which takes anything.
  readonly body: Record<string, unknown>
  readonly text: string
}

export interface Subject {
  readonly app: ControlApp
  readonly db: Postgres
  /** Changes spread so far. */
  readonly published: Change[]
  /** Log lines so far. */
  readonly logged: string[]
  /** May be moved. */
  readonly clock: { nowMs: number }
  readonly call: (
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<Answer>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export async function createSubject(t: Teardown, overrides: Partial<ControlDeps> = {}): Promise<Subject> {
  const { db } = await createDatabase(t)
  const published: Change[] = []
  const logged: string[] = []
  const clock = { nowMs: startMs }
  const app = createControlServer({
    ...depsOf({ db, clock, logged }),
    published: (change) => published.push(change),
    ...overrides,
  })
  t.teardown(() => app.close())
  return { app, db, published, logged, clock, call: callerOf(app) }
}

/** Calls the admin API with the token; paths are relative to /admin/v1. */
export function callerOf(app: ControlApp): Subject['call'] {
  return async (method, path, body, headers = {}) => {
    const options: InjectOptions = {
      method,
      url: `/admin/v1${path}`,
      headers: { authorization: `Bearer ${token}`, ...headers },
    }
    if (body !== undefined) {
      options.headers = { 'content-type': 'application/json', ...options.headers }
      options.payload = typeof body === 'string' ? body : JSON.stringify(body)
    }
    const response = await app.inject(options)
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.json<Record<string, unknown>>(),
      text: response.body,
    }
  }
}

interface World {
  readonly db: Postgres | null
  readonly clock: { nowMs: number }
  readonly logged: string[]
}

export function depsOf({ db, clock, logged }: World): ControlDeps {
  const tokens = parseAdminTokens(`ann:${token}`)
  let count = 0
  return {
    db,
    table: () => table,
    tokens: () => (tokens.kind === 'tokens' ? tokens.tokens : []),
    adminFrom: ['127.0.0.0/8', '::1'],
    hosts: [],
    tls: null,
    trustedProxies: [],
    clientCertHeader: false,
    publicUrl: null,
    scanners: [],
    hasAuditSink: false,
    hub: {
      publicUrl: 'http://hub.test:8081',
      path: '',
      sessions: { idleMs: 12 * 3_600_000, absoluteMs: 7 * 24 * 3_600_000, commandLineMs: 12 * 3_600_000 },
      pages: null,
      sendsMail: false,
      mailQueued: () => undefined,
      oidc: [],
    },
    refused: () => undefined,
    now: () => clock.nowMs,
    newId: (prefix) => `${prefix}_${String(++count).padStart(12, '0')}`,
    published: () => undefined,
    awaitAll: async () => [],
    isRedisBehind: async () => false,
    instances: async () => (db ? listInstances(db, 60_000) : []),
    instanceId: 'one',
    oauth: { endTokens, server: null },
    webhooks: {
      sealing: () => sealing,
      rule: createDestinationRule(['127.0.0.0/8']),
      kick: () => undefined,
    },
    deny: createDenyStop({
      words: createDenyWords(),
      spread: null,
      now: () => clock.nowMs,
      changed: () => undefined,
    }),
    denyBehind: async () => [],
    explain: () => ({
      ...{ decision: 'allow', code: null, status: null, reason: null, hint: null, api: 'flintn' },
      ...{
        environment: 'live',
        upstream: 'u',
        sent_path: '/v1/x',
        match: 'none',
        held: null,
        limits: [],
        required: [],
      },
      route: { template: '/v1/x', source: 'flintn.yaml:1:1' },
    }),
    live: { listen: () => () => undefined },
    health: () => ({
      isReady: true,
      status: 'ok',
      tableSha256: table.sha256,
      postgres: 'up',
      redis: 'none',
      appliedRevision: 7,
    }),
    metrics: async () => 'up 1\n',
    metricsContentType: 'text/plain; version=0.0.4',
    log: pino({ level: 'trace' }, { write: (line: string) => logged.push(line) }),
  }
}

function apiOf(name: string, prefixes: readonly [string, string]): Api {
  return {
    name,
    credential: { header: 'X-Api-Key', bearer: false, fields: ['X-Api-Key'], fieldList: 'X-Api-Key' },
    environments: [
      { name: 'live', hosts: ['a'], prefix: prefixes[0], upstream: 'u' },
      { name: 'sandbox', hosts: ['b'], prefix: prefixes[1], upstream: 'u' },
    ],
    permissions: new Map([
      ['transaction.read', 'Read transactions'],
      ['transaction.refund', 'Refund transactions'],
    ]),
    staleLimitMs: 900_000,
    legacyKeys: false,
    resourceMetadata: null,
    jwt: null,
    oauth: { accessTokenMs: 900_000, refreshTokenMs: 30 * 86_400_000, profile: 'baseline' },
    cors: 'off',
    forwardAuthorization: false,
    timeoutMs: null,
    trailingSlash: 'strict',
    docs: null,
    stripPrefix: '',
    brakes: [],
    quotas: [{ api: name, name: 'monthly', per: 'merchant', requests: 100, ofPlans: new Map() }],
    rateLimits: (['key', 'merchant'] as const).map((per) => ({
      ...{ api: name, name: per === 'key' ? 'default' : 'sums', per, ofPlans: new Map(), isShadow: false },
      allowance: { quota: 1, windowSeconds: 1, intervalMs: 1_000, burst: 1 },
    })),
    routes: [],
    matchRoute: () => ({ kind: 'not_found' }),
  }
}

const apis = [apiOf('flintn', ['pk_live_', 'pk_test_']), apiOf('flint', ['flint_live_', 'flint_test_'])]

export const table: Table = {
  sha256: 'ab'.repeat(32),
  apis: new Map(apis.map((api) => [api.name, api])),
  plans: new Set(['gold']),
  prefixes: ['pk_live_', 'pk_test_', 'flint_live_', 'flint_test_'],
  escapes: 0,
  maxStaleLimitMs: 900_000,
  merchantStaleLimitMs: 900_000,
  matchHost: () => undefined,
}

/** A merchant's id. */
export async function makeMerchant(subject: Subject): Promise<string> {
  const { body } = await subject.call('POST', '/merchants', { name: 'Acme' })
  return String(body['id'])
}

/** The body of a request for a key. */
export function keyBody(merchantId: string, extra: object = {}) {
  return {
    merchant_id: merchantId,
    api: 'flintn',
    environment: 'live',
    name: 'Checkout',
    permissions: ['transaction.read'],
    ...extra,
  }
}

/** A key's id and its secret. */
export async function makeKey(subject: Subject, extra: object = {}): Promise<{ id: string; secret: string }> {
  const { body } = await subject.call('POST', '/keys', keyBody(await makeMerchant(subject), extra))
  return { id: String(body['id']), secret: String(body['secret']) }
}
