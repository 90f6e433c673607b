// THE schema of gateway.yaml (that of permission tables: permission-schema.ts). From it come the types, the checks,
// the defaults, the wording of faults and the files that editors read. No other file knows a default.

import { type Static, Type } from 'typebox'
import { AuditSinkSection } from './audit-sink-schema.ts'
import { routeDefaults } from './defaults-schema.ts'
import { Environments } from './environment-schema.ts'
import { HubSection } from './hub-schema.ts'
import { LogSection } from './log-schema.ts'
import { Brakes } from './brake-schema.ts'
import { Quotas } from './quota-schema.ts'
import { JwtSection } from './jwt-schema.ts'
import { OAuthSection } from './oauth-schema.ts'
import { Plans, RateLimits } from './rate-limit-schema.ts'
import { ScanningSection } from './scanning-schema.ts'
import { closed, Duration, DurationOrNone, HeaderName, Size, Text } from './schema-fields.ts'
import { Upstream } from './upstream-schema.ts'
import { WebhooksSection } from './webhooks-schema.ts'

const Port = (description: string, value: number) =>
  Type.Integer({ minimum: 0, maximum: 65535, default: value, description })

const Tls = Type.Object(
  {
    cert: Text('PEM file with the certificate and its chain.', { example: '/etc/latchkey/tls.crt' }),
    key: Text('PEM file with the private key, without a passphrase.', { example: '/etc/latchkey/tls.key' }),
    client_certificates: Type.Enum(['off', 'optional'], {
      default: 'off',
      expects: '`off` or `optional`',
      description:
        'Whether clients are asked for a certificate, which none needs to have: access tokens can be bound to it, and on the control port clients of OAuth show themselves by it (RFC 8705).',
    }),
    ciphers: Type.String({
      minLength: 1,
      default: 'ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!AESCCM:!aNULL',
      expects: 'a list of ciphers as OpenSSL takes it',
      description:
        'Ciphers for TLS 1.2, as OpenSSL names them; TLS 1.3 has its own beside, which can be listed too and then are all that there are. Unless said only such with forward secrecy.',
    }),
  },
  { ...closed, description: 'Serves HTTPS. Left out: plain HTTP.' },
)

const LimitsSection = Type.Object(
  {
    header_bytes: Size({ default: 32768, description: 'Largest head of a request; beyond it 431.' }),
    header_count: Type.Integer({
      minimum: 1,
      default: 200,
      description: 'Most header fields; beyond it 431.',
    }),
    url_bytes: Size({ default: 16384, description: 'Longest request target; beyond it 414.' }),
    header_timeout: Duration({
      default: '15s',
      description: 'Time for a whole request head; beyond it 408.',
    }),
    idle_timeout: Duration({
      default: '60s',
      description: 'Longest pause between bytes of a body, and of a client that takes nothing of its answer.',
    }),
    body_rate: Type.Integer({
      minimum: 0,
      default: 240,
      description:
        'Bytes a second that a request body must bring, on average, after its first 10 s; beyond it 408. 0: no such limit.',
    }),
    handshake_timeout: Duration({
      default: '10s',
      description: 'Time for a TLS handshake; beyond it the connection is closed.',
    }),
    client_connections: Type.Integer({
      minimum: 1,
      default: 1000,
      description: 'Most connections from one address at once; loopback and trusted proxies have no limit.',
    }),
    failed_lookups: Type.Integer({
      minimum: 1,
      default: 1000,
      description: 'Most requests with unknown keys from one client in a minute; beyond it 429.',
    }),
    in_flight: Type.Integer({
      minimum: 1,
      default: 20000,
      description: 'Most requests under way at once in one process; beyond it 503 OVERLOADED.',
    }),
    unread_bytes: Size({
      default: 268435456,
      description:
        'Most bytes that a process keeps for clients that do not read: answers, and requests that wait behind them; beyond it connections are cut.',
    }),
    event_loop_delay: Duration({
      default: '500ms',
      description: 'A process whose event loop lags more than this refuses new requests with 503 OVERLOADED.',
    }),
  },
  { ...closed, default: {}, description: 'Limits on what a client may send.' },
)

const mostEntries = 10_000_000

const CacheSection = Type.Object(
  {
    known: Type.Integer({
      minimum: 1,
      maximum: mostEntries,
      default: 200_000,
      description:
        'Most keys and tokens that each process keeps in memory, those that were used last: 120 bytes each, and 1.2 KB more where one shares its limits, its person or the end of its rotation with no other.',
    }),
    unknown: Type.Integer({
      minimum: 1,
      maximum: mostEntries,
      default: 50_000,
      description: 'Most digests of which a process remembers that there is no such key; 300 bytes each.',
    }),
  },
  { ...closed, default: {}, description: 'What each process keeps of keys in memory.' },
)

const AddressList = (options: { description: string; default: string[]; examples?: [string[]] }) =>
  Type.Array(Type.String({ expects: 'an IP address or a CIDR block' }), options)

const GatewaySection = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '0.0.0.0', description: 'Address to listen on.' }),
    port: Port('Port of the gateway (data plane).', 8080),
    tls: Type.Optional(Tls),
    trusted_proxies: AddressList({
      default: [],
      examples: [['10.0.0.0/8']],
      description:
        'Addresses and CIDR blocks whose X-Forwarded-*, X-Request-Id and, with `proxy_protocol`, PROXY headers are believed. None by default.',
    }),
    client_cert_header: Type.Boolean({
      default: false,
      description:
        'Trusted proxies end the TLS of clients and hand their certificates on in Client-Cert (RFC 9440), and take away what a client writes there itself.',
    }),
    deny: Type.Optional(
      Text('Emergency stop: a file that lists keys, merchants, prefixes, permissions, clients.', {
        example: 'deny.yaml',
      }),
    ),
    require_https: Type.Boolean({
      default: false,
      description: 'Refuses requests that came over plain HTTP with 403 HTTPS_REQUIRED.',
    }),
    limits: LimitsSection,
    cache: CacheSection,
    health: Type.Optional(
      Type.String({
        pattern: '^(/[A-Za-z0-9._~-]+)+$',
        maxLength: 256,
        expects: 'a path such as /healthz: segments of letters, digits, `.`, `_`, `~`, `-`',
        examples: ['/healthz'],
        description:
          'A path that balancers ask, on any host: 200 or 503, as /readyz. None by default; no route may have it.',
      }),
    ),
    drain_delay: DurationOrNone({
      default: '0s',
      examples: ['15s'],
      description:
        'After SIGTERM: for so long /readyz and `health` say 503 and connections are still taken; then the drain begins.',
    }),
    proxy_protocol: Type.Boolean({
      default: false,
      description:
        'Every connection of a trusted proxy begins with a header of the PROXY protocol, version 1 or 2, that tells the client’s address.',
    }),
  },
  { ...closed, default: {}, description: 'The data plane: where client requests arrive.' },
)

const ControlSection = Type.Object(
  {
    host: Type.String({ minLength: 1, default: '127.0.0.1', description: 'Address to listen on.' }),
    port: Port('Port of the control plane: admin API, health, metrics.', 8081),
    admin_from: AddressList({
      default: ['127.0.0.0/8', '::1'],
      description: 'Addresses and CIDR blocks that the admin API is served to.',
    }),
    tls: Type.Optional(Tls),
    trusted_proxies: AddressList({
      default: [],
      description:
        'Proxies in front of the control plane that may say who the client is (X-Forwarded-For): `admin_from`, the audit and the counting of wrong tokens then go by that.',
    }),
    client_cert_header: Type.Boolean({
      default: false,
      description:
        'Trusted proxies end the TLS of clients and hand their certificates on in Client-Cert (RFC 9440), and take away what a client writes there itself.',
    }),
    client_ca: Type.Optional(
      Text(
        'PEM file with the authorities that have issued, directly, the certificates of clients of OAuth with `tls_client_auth`. None by default.',
        { example: '/etc/latchkey/clients-ca.pem' },
      ),
    ),
    mtls_url: Type.Optional(
      Type.String({
        expects: 'an https:// URL without a path',
        examples: ['https://mtls.latchkey.example.com'],
        description:
          'Where clients of OAuth that show a certificate reach the control plane, if not at `public_url`: the metadata says so (`mtls_endpoint_aliases`).',
      }),
    ),
    public_url: Type.Optional(
      Type.String({
        expects: 'an https:// or http:// URL without a path',
        examples: ['https://latchkey.example.com'],
        description:
          'Where people and scripts reach the control plane: its name need not be in `hosts`, and /openapi.json has it.',
      }),
    ),
    secret_scanning: ScanningSection,
    hosts: Type.Array(Type.String({ expects: 'a host name, `*.` and one, or `*`' }), {
      default: [],
      examples: [['latchkey.example.com']],
      description:
        'Names in public DNS under which /readyz and /metrics are asked for; `*.` before one: all below it; `*`: any. Addresses, names without dots and those of private networks need not be listed.',
    }),
    audit_sink: Type.Optional(AuditSinkSection),
    audit_retention: Type.String({
      pattern: '^(none|0*(9\\d|[1-9]\\d{2,4})d)$',
      default: 'none',
      expects: '`none` or days, from 90d on, such as 400d',
      examples: ['400d'],
      description: 'How long entries of the audit are kept; `none`: for ever.',
    }),
  },
  { ...closed, default: {}, description: 'The control plane. Never reachable on the gateway port.' },
)

const IdentitySection = Type.Object(
  {
    merchant: HeaderName({ default: 'X-Merchant-Id', description: 'Header with the merchant id.' }),
    permissions: HeaderName({
      default: 'X-Permissions',
      description: 'Header with the permissions, sorted.',
    }),
    key: HeaderName({ default: 'X-Key-Id', description: 'Header with the public id of the key.' }),
    environment: HeaderName({
      default: 'X-Environment',
      description: 'Header with the name of the environment.',
    }),
  },
  { ...closed, default: {}, description: 'Names of the headers that tell an upstream who is calling.' },
)

const Cors = Type.Object(
  {
    origins: Type.Array(
      Text('As a browser writes it: `https://shop.example`, with a port if it is not the usual one.'),
      {
        minItems: 1,
        uniqueItems: true,
        expects: 'a list of at least one origin',
        examples: [['https://shop.example']],
        description: 'Whose pages may read answers; `*` alone: everybody’s.',
      },
    ),
    headers: Type.Optional(
      Type.Array(HeaderName({ description: 'Name of a header field.' }), {
        uniqueItems: true,
        expects: 'a list of header names',
        examples: [['X-Api-Key', 'Content-Type']],
        description: 'What pages may send. Left out: where the key stands, and Content-Type.',
      }),
    ),
    max_age: Duration({
      default: '10m',
      description: 'How long a browser may keep the answer to a preflight.',
    }),
  },
  closed,
)

const Api = Type.Object(
  {
    credential: Type.Object(
      {
        header: Type.Optional(
          HeaderName({ description: 'The header that carries the key.', examples: ['X-Api-Key'] }),
        ),
        bearer: Type.Boolean({ default: false, description: 'Takes the key as `Authorization: Bearer …`.' }),
      },
      { ...closed, description: 'Where a request carries its key: `header`, `bearer: true`, or both.' },
    ),
    environments: Environments,
    permissions: Text('The file with the permission table.', { example: 'permissions/flintn.yaml' }),
    stale_limit: Duration({
      default: '15m',
      description: 'How long a known key works while Postgres cannot be reached.',
    }),
    ...routeDefaults,
    rate_limits: RateLimits,
    quotas: Quotas,
    brakes: Brakes,
    oauth: Type.Optional(OAuthSection),
    jwt: Type.Optional(JwtSection),
    legacy_keys: Type.Boolean({ default: false, description: 'Looks up keys without a checksum too.' }),
    cors: Type.Union([Type.Enum(['off', 'upstream']), Cors], {
      default: 'off',
      expects: '`off`, `upstream`, or a mapping with `origins`',
      description:
        'Pages of other origins. `upstream`: a preflight for a listed method passes to the upstream without a key, where the ' +
        'table has no route for OPTIONS on its path. With `origins`: the gateway answers preflights and says in each ' +
        'answer who may read it, in place of the upstream. With either, such pages can read refusals.',
    }),
    docs: Type.Optional(
      Type.String({
        pattern: '^https?://(?:[!#-;=?-[\\]_a-z~]|\\{code\\})+$',
        maxLength: 1024,
        expects: 'an http:// or https:// URL, in which `{code}` stands for the code',
        examples: ['https://docs.flintn.com/errors#{code}'],
        description:
          'Where people read about an error: refusals have it as `doc_url`, with the code in place of `{code}`. Left out: they have none.',
      }),
    ),
    strip_prefix: Type.String({
      pattern: '^(?:/[^/{}]+)*$',
      default: '',
      expects: 'a path such as /acme, without a slash at its end',
      examples: ['/acme'],
      description:
        'A beginning of the path that is not sent on: every route of the table begins with these segments, and with one more at least.',
    }),
    forward_authorization: Type.Boolean({
      default: false,
      description: 'An API that takes its key in a header only removes Authorization unless this is true.',
    }),
  },
  closed,
)

const name = { pattern: '^[a-z0-9-]{1,64}$', expects: 'a name of a-z, 0-9 and `-`' }

/** gateway.yaml */
export const GatewayFile = Type.Object(
  {
    gateway: GatewaySection,
    control: ControlSection,
    postgres: Text(
      'postgres:// URL (several hosts, `host1:5432,host2:5432`: the one that takes writes is used), or `embedded` (demo only: data under .latchkey/ beside this file).',
      { expects: 'a postgres:// URL or `embedded`', example: '${DATABASE_URL}' },
    ),
    redis: Type.String({
      minLength: 1,
      default: 'none',
      expects: 'a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL or `none`',
      examples: ['${REDIS_URL}'],
      description:
        'redis:// URL, `redis+sentinel://host1:26379,host2:26379/name`, `redis+cluster://host1:6379,host2:6379`, or `none`: changes ' +
        'then travel by Postgres alone. `rediss…` is the same with TLS, `?ca=file` for an own authority, `&cert=file&key=file` for a ' +
        'client certificate; user and password stand before the hosts, `user:password@`.',
    }),
    hub: Type.Optional(HubSection),
    identity: IdentitySection,
    log: LogSection,
    webhooks: WebhooksSection,
    upstreams: Type.Record(Type.String(), Upstream, {
      propertyNames: {
        ...name,
        pattern: '^[A-Za-z0-9_.-]{1,64}$',
        expects: 'a name of letters, digits, `-`, `_`, `.`',
      },
      minProperties: 1,
      description: 'The services behind the gateway, by name.',
    }),
    plans: Plans,
    apis: Type.Record(Type.String(), Api, {
      propertyNames: name,
      minProperties: 1,
      description: 'The products, by name: hosts, credential, key prefixes, permission table.',
    }),
  },
  closed,
)
export type GatewayFile = Static<typeof GatewayFile>
