import t from 'tap'
import { Value } from 'typebox/value'
import { GatewayFile } from '../../src/config/schema.ts'
import { configOf } from './files.ts'

t.test('what a gateway file leaves out has the documented defaults', async (t) => {
  const { settings, table } = await configOf(t, {})
  t.strictSame(settings.gateway, {
    host: '0.0.0.0',
    port: 8080,
    tls: null,
    trustedProxies: [],
    requireHttps: false,
    denyFile: null,
    health: null,
    drainDelayMs: 0,
    proxyProtocol: false,
    clientCertHeader: false,
    cache: { maxKnown: 200_000, maxUnknown: 50_000 },
    limits: {
      headerBytes: 32768,
      headerCount: 200,
      urlBytes: 16384,
      headerTimeoutMs: 15_000,
      idleTimeoutMs: 60_000,
      handshakeTimeoutMs: 10_000,
      bodyRate: 240,
      clientConnections: 1000,
      failedLookups: 1000,
      inFlight: 20_000,
      unreadBytes: 268_435_456,
      eventLoopDelayMs: 500,
    },
  })
  t.strictSame(settings.control, {
    host: '127.0.0.1',
    port: 8081,
    adminFrom: ['127.0.0.0/8', '::1'],
    hosts: [],
    auditSink: null,
    auditRetentionMs: null,
    tls: null,
    trustedProxies: [],
    publicUrl: null,
    scanners: [],
    clientCertHeader: false,
    clientCaFile: null,
    mtlsUrl: null,
  })
  t.strictSame(settings.identity, {
    merchant: 'X-Merchant-Id',
    permissions: 'X-Permissions',
    key: 'X-Key-Id',
    environment: 'X-Environment',
  })
  t.match(settings.upstreams.get('payments'), {
    timeoutMs: 30_000,
    connections: 128,
    queue: 512,
    connectTimeoutMs: 5_000,
    preserveHost: true,
    headers: [],
    caFiles: [],
    serverName: null,
  })
  t.match(table.apis.get('flintn'), {
    staleLimitMs: 900_000,
    legacyKeys: false,
    cors: 'off',
    forwardAuthorization: false,
    timeoutMs: null,
    trailingSlash: 'strict',
    credential: { header: 'X-Api-Key', bearer: false },
  })
})

t.test('a file that is not the schema’s does not pass TypeBox either', async (t) => {
  t.equal(Value.Check(GatewayFile, {}), false)
})
