// Contract 6.

import * as fc from 'fast-check'
import t from 'tap'
import { foldHeaderName } from '../../../src/config/header-names.ts'
import {
  ofProxies as keptOfProxies,
  otherIdentity,
  otherRequest,
} from '../../../src/decision/headers/never-forwarded.ts'
import { createHeaderBuilder } from '../../../src/decision/headers/header-builder.ts'
import { matchRoute } from '../../../src/decision/route.ts'
import { accessOf, loadDemo, principalOf } from '../../gateway/subject.ts'

const config = await loadDemo()
const upstream = config.settings.upstreams.get('payments')
if (upstream === undefined) throw new Error('the demo has payments')
const builder = createHeaderBuilder(config.settings, config.table, {
  ...upstream,
  headers: [['X-Internal-Auth', 'told by us']],
})

/** The fields that reach the upstream, and those of them that the client wrote. */
function build(fields: readonly string[], of: { isPeerTrusted?: boolean; isPublic?: boolean } = {}) {
  const access = accessOf(config, { fields: ['Host: api.flintn.com', ...fields] })
  matchRoute(access)
  access.isPeerTrusted = of.isPeerTrusted ?? false
  if (of.isPublic !== true) access.principal = principalOf()
  const sent = builder.build(access).split('\r\n')
  t.equal(sent.pop(), '', 'each line has its end')
  const at = sent.findIndex((field) => field === 'X-Request-Id: req_test')
  return { sent, passed: sent.slice(0, at), added: sent.slice(at) }
}

const identity = [
  'X-Merchant-Id: mer_a',
  'X-Permissions: transaction.read',
  'X-Key-Id: key_a',
  'X-Environment: live',
]

t.test('what the gateway says comes last, once', (t) => {
  t.same(build([]).sent, [
    'X-Request-Id: req_test',
    'X-Forwarded-For: 192.0.2.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: api.flintn.com',
    'X-Internal-Auth: told by us',
    ...identity,
  ])
  t.end()
})

t.test('a request without a principal carries no identity', (t) => {
  t.notMatch(
    build([], { isPublic: true }).sent.join('\n'),
    /X-Merchant-Id|X-Key-Id|X-Permissions|X-Environment/,
  )
  t.end()
})

t.test('other fields pass unchanged, in order, case and repeats', (t) => {
  const fields = [
    'aCCept: a',
    'X-A: 1',
    'Cookie: c=d',
    'x-a: 2',
    'Content-Type: x/y; z',
    'Idempotency-Key: k',
  ]
  t.same(build(fields).passed, fields)
  t.end()
})

const spellings = ['-', '_', '.', '~', '!', '*']
const never = [
  ...[
    'X-Merchant-Id',
    'X-Permissions',
    'X-Key-Id',
    'X-Environment',
    'X-Internal-Auth',
    'X-Api-Key',
    'X-Request-Id',
  ],
  ...[
    'Connection',
    'Keep-Alive',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'Proxy',
    'Content-Length',
  ],
  ...[
    'Proxy-Authorization',
    'Proxy-Connection',
    'X-HTTP-Method',
    'X-HTTP-Method-Override',
    'X-Method-Override',
  ],
  ...['X-Original-URL', 'X-Rewrite-URL', 'X-Replaced-Path', 'X-Envoy-Original-Path', 'X-Accel-Redirect'],
  ...['X-Auth-Request-User', 'X-Remote-User', 'X-Latchkey-Anything', 'Authorization', 'Host'],
  ...['X-Client-Id', 'X-User-Id'],
  ...[...otherRequest, ...otherIdentity].map((name) => name.replace('*', 'any')),
]
const ofProxies = [
  ...[
    'Forwarded',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Forwarded-User',
    'X-Real-IP',
    'True-Client-IP',
  ],
  ...['X-Client-IP', 'CF-Connecting-IP', 'Fastly-Client-IP'],
  ...keptOfProxies
    .map((name) => name.replace('*', 'any'))
    .filter((name) => !name.startsWith('x-forwarded-f')),
]

t.test('no spelling of a reserved name passes', (t) => {
  const name = fc.constantFrom(...never, ...ofProxies)
  const spelled = fc.tuple(name, fc.constantFrom(...spellings), fc.boolean()).map(([name, dash, isUpper]) => {
    const text = name.replaceAll('-', dash)
    return isUpper ? text.toUpperCase() : text.toLowerCase()
  })
  fc.assert(
    fc.property(spelled, (name) => {
      t.same(build([`${name}: forged`]).passed, [], name)
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('whatever a client writes, what an upstream may read as identity is ours alone', (t) => {
  const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,30}$/)
  const wild = fc.oneof(
    name,
    fc.constantFrom(...never).chain((known) => name.map((end) => `${known}${end}`)),
  )
  fc.assert(
    fc.property(fc.array(wild, { maxLength: 8 }), fc.array(wild, { maxLength: 4 }), (names, listed) => {
      const { sent } = build([...names.map((name) => `${name}: forged`), `Connection: ${listed.join(', ')}`])
      const reserved = ['x-merchant-id', 'x-permissions', 'x-key-id', 'x-environment', 'x-internal-auth']
      const read = sent.filter((field) =>
        reserved.includes(foldHeaderName(field.slice(0, field.indexOf(':')))),
      )
      t.same(read, ['X-Internal-Auth: told by us', ...identity])
    }),
    { numRuns: 500 },
  )
  t.end()
})

t.test('what only a proxy may say passes from a trusted one', (t) => {
  const fields = ofProxies.map((name) => `${name}: 203.0.113.5`)
  t.same(build(fields, { isPeerTrusted: true }).passed, fields)
  t.end()
})

t.test('what a trusted proxy said of the client is carried on', (t) => {
  const fields = ['X-Forwarded-For: 203.0.113.5', 'X-Forwarded-Host: shop.example.com']
  t.match(build(fields, { isPeerTrusted: true }).added, [
    'X-Request-Id: req_test',
    'X-Forwarded-For: 203.0.113.5, 192.0.2.1',
    'X-Forwarded-Proto: http',
    'X-Forwarded-Host: shop.example.com',
  ])
  t.match(build(fields).added, ['X-Request-Id: req_test', 'X-Forwarded-For: 192.0.2.1'])
  t.end()
})

t.test('what Connection names goes no further', (t) => {
  t.same(build(['X-Hop: 1', 'X-End: 2', 'Connection: x_hop']).passed, ['X-End: 2'])
  t.end()
})

t.test('no value of a record becomes a second header', (t) => {
  const access = accessOf(config, { fields: ['Host: api.flintn.com'] })
  const principal = principalOf()
  for (const value of ['mer_a\r\nX-Evil: 1', 'mer_a\nX', 'mer_a\rX', 'mer\0', 'mer_\u0101', 'mer\x7f']) {
    for (const field of ['merchantId', 'keyId', 'environment']) {
      access.principal = { ...principal, record: { ...principal.record, [field]: value } }
      t.throws(() => builder.build(access), { message: /cannot stand in a header/ }, JSON.stringify(value))
    }
    access.principal = { ...principal, grant: { ...principal.grant, permissionsHeader: value } }
    t.throws(() => builder.build(access), { message: /cannot stand in a header/ })
  }
  t.end()
})

t.test('a configured header that cannot be written is told when it is configured', (t) => {
  for (const header of [
    ['X Y', '1'],
    ['', '1'],
    ['X-A', 'a\r\nX-Evil: 1'],
  ] as const) {
    t.throws(() => createHeaderBuilder(config.settings, config.table, { ...upstream, headers: [header] }))
  }
  t.end()
})
