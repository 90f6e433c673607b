// The schema of an upstream: where its requests go, and how. Part of that of gateway.yaml (schema.ts).

import { Type } from 'typebox'
import { closed, Duration, Text, token } from './schema-fields.ts'

const Url = Text(
  'http:// or https:// with host and port, and perhaps a base path: it is put before what was judged, byte for byte.',
  { expects: 'an http:// or https:// URL', example: 'https://core.internal:8443/api/v1' },
)

const Target = Type.Object(
  {
    url: Url,
    weight: Type.Integer({
      minimum: 0,
      maximum: 1_000,
      default: 1,
      description: 'Its share of the requests; 0: it gets no new ones.',
    }),
  },
  closed,
)

const Count = (description: string, value: number) =>
  Type.Integer({ minimum: 1, maximum: 100, default: value, description })

const Health = Type.Object(
  {
    path: Text('What is asked for by GET, as it stands: no base path is put before it.', {
      example: '/healthz',
    }),
    interval: Duration({
      default: '5s',
      description:
        'From one check to the next, a tenth more or less; an answer has to come within it, and within 5 s.',
    }),
    healthy_after: Count('Good answers in a row, 2xx, after which a target gets requests again.', 2),
    unhealthy_after: Count('Bad ones in a row, or none, after which it gets none while others are there.', 3),
  },
  { ...closed, description: 'Active checks of every target, by each process. Left out: none.' },
)

export const Upstream = Type.Object(
  {
    url: Type.Optional(Url),
    targets: Type.Optional(
      Type.Array(Target, {
        minItems: 1,
        expects: 'a list of at least one target',
        examples: [[{ url: 'http://10.0.0.5:8080', weight: 1 }]],
        description:
          'In place of `url`: several that serve the same, all with one scheme and one base path. A request goes to the one with least under way for its weight.',
      }),
    ),
    resolve: Type.Enum(['turns', 'all'], {
      default: 'turns',
      expects: '`turns` or `all`',
      description:
        'Of a name with several addresses, `turns`: connections take turns among them. `all`: each is a target of its own, with the weight of its target.',
    }),
    health: Type.Optional(Health),
    timeout: Duration({
      default: '30s',
      description: 'Time for the head of a response after the last byte of the request; beyond it 504.',
    }),
    connections: Type.Integer({
      minimum: 1,
      maximum: 65535,
      default: 128,
      description: 'Most connections at once, to each target.',
    }),
    queue: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1_000_000,
        examples: [512],
        description:
          'Most requests that wait for a connection to one target; beyond it 503. Left out: four for each connection.',
      }),
    ),
    queue_timeout: Duration({
      default: '10s',
      description: 'Longest that a request waits for a connection; beyond it 503.',
    }),
    connect_timeout: Duration({
      default: '5s',
      description: 'Time to connect, TLS included; beyond it 504.',
    }),
    max_age: Duration({
      default: '10m',
      description:
        'Age of a connection from which on it carries no other request, so that a name that has moved is noticed; up to a fifth less, so that not all are replaced at once.',
    }),
    reuse: Type.Enum(['bodiless', 'all', 'none'], {
      default: 'bodiless',
      expects: '`bodiless`, `all` or `none`',
      description:
        'After which requests a connection is used again. `all` only for an upstream that reads each body whole or closes: one that does not takes the rest of a body for the next request.',
    }),
    preserve_host: Type.Boolean({ default: true, description: 'Sends Host on as the client sent it.' }),
    headers: Type.Record(Type.String(), Text('Value of the header.'), {
      propertyNames: { pattern: token, expects: 'a header name' },
      default: {},
      examples: [{ 'X-Internal-Auth': '${UPSTREAM_SECRET}' }],
      description: 'Headers added to every request, for instance a secret that the upstream asks for.',
    }),
    server_name: Type.Optional(
      Type.String({
        minLength: 1,
        expects: 'a host name',
        examples: ['core.internal'],
        description:
          'Name that the certificate of an https:// upstream must be for, and that it is asked for (SNI); Host stays as it is. Left out: that in `url`.',
      }),
    ),
    ca: Type.Optional(
      Text(
        'PEM bundle of the authorities that this upstream’s certificate may be of: these alone. Left out: those in SSL_CERT_FILE where that is set, else those that come with Node; and with either those in NODE_EXTRA_CA_CERTS.',
        { example: 'ca.pem' },
      ),
    ),
    cert: Type.Optional(
      Text('PEM file with a client certificate, for an upstream that asks for one.', {
        example: 'client.pem',
      }),
    ),
    key: Type.Optional(Text('PEM file with the private key of `cert`.', { example: 'client.key' })),
  },
  { ...closed, exactlyOne: ['url', 'targets'] },
)
