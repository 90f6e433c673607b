import * as fc from 'fast-check'
import t from 'tap'
import { judgeMessage, readHead } from '../../src/gateway/message.ts'
import { accessOf, loadDemo, type Question, rawOf } from './subject.ts'

const config = await loadDemo()
const { limits } = config.settings.gateway
const host = 'Host: api.flintn.com'

async function judge(question: Question, requireHttps = false): Promise<string | undefined> {
  const denial = await judgeMessage(limits, requireHttps)(accessOf(config, question))
  return denial === undefined ? undefined : `${denial.code} ${denial.reason}`
}

t.test('a plain request passes, of HTTP/1.0 also without Host', async (t) => {
  t.equal(await judge({ fields: [host] }), undefined)
  t.equal(await judge({ fields: [], httpVersion: [1, 0] }), undefined)
})

const malformed: Record<string, [string, Question]> = {
  'two Hosts': ['repeated_host', { fields: [host, host] }],
  'no Host': ['missing_host', { fields: [] }],
  'an empty Host': ['malformed_host', { fields: ['Host:'] }],
  'a Host with user info': ['malformed_host', { fields: ['Host: a@api.flintn.com'] }],
  'a list of Hosts': ['malformed_host', { fields: ['Host: api.flintn.com, b'] }],
  'a Host with a path': ['malformed_host', { fields: ['Host: api.flintn.com/x'] }],
  'another version of HTTP': ['http_version', { fields: [host], httpVersion: [2, 0] }],
  'a later minor version': ['http_version', { fields: [host], httpVersion: [1, 2] }],
  'two Transfer-Encodings': [
    'repeated_transfer_encoding',
    { fields: [host, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'] },
  ],
  'a Transfer-Encoding other than chunked': [
    'transfer_encoding',
    { fields: [host, 'Transfer-Encoding: gzip'] },
  ],
  'a list of Transfer-Encodings': [
    'transfer_encoding',
    { fields: [host, 'Transfer-Encoding: gzip, chunked'] },
  ],
  'Transfer-Encoding in HTTP/1.0': [
    'transfer_encoding_in_http_1_0',
    { fields: [host, 'Transfer-Encoding: chunked'], httpVersion: [1, 0] },
  ],
}
for (const [name, [reason, question]] of Object.entries(malformed)) {
  t.test(`${name} is a bad request`, async (t) => {
    t.equal(await judge(question), `BAD_REQUEST ${reason}`)
  })
}

t.test('limits are met exactly', async (t) => {
  const target = (length: number) => `/${'a'.repeat(length - 1)}`
  t.equal(await judge({ target: target(limits.urlBytes) }), undefined)
  t.equal(await judge({ target: target(limits.urlBytes + 1) }), 'URI_TOO_LONG url_bytes')
  const many = (count: number) => [host, ...Array.from({ length: count - 1 }, () => 'A: b')]
  t.equal(await judge({ fields: many(limits.headerCount) }), undefined)
  t.equal(await judge({ fields: many(limits.headerCount + 1) }), 'HEADERS_TOO_LARGE header_count')
  // Each line counts with colon, space and CRLF.
  const left = limits.headerBytes - `${host}\r\n`.length - 'X: \r\n'.length
  t.equal(await judge({ fields: [host, `X: ${'a'.repeat(left)}`] }), undefined)
  t.equal(await judge({ fields: [host, `X: ${'a'.repeat(left + 1)}`] }), 'HEADERS_TOO_LARGE header_bytes')
})

t.test('plain http is refused where https is required', async (t) => {
  t.equal(await judge({}, true), 'HTTPS_REQUIRED plain_http')
})

t.test('a head is gathered whatever the case of its names; repeated fields are one list', (t) => {
  const names = ['Accept', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Request-Id']
  const cased = fc
    .func(fc.boolean())
    .map(
      (isUpper) => (name: string) =>
        Array.from(name, (char, i) => (isUpper(name, i) ? char.toUpperCase() : char.toLowerCase())).join(''),
    )
  fc.assert(
    fc.property(cased, (of) => {
      const fields = names.flatMap((name) => [`${of(name)}: one`, `${of(name)}: two`])
      const head = readHead(
        rawOf({ fields: [...fields, `${of('Authorization')}: a`, `${of('Connection')}: X_y, Close`] }),
      )
      t.match(head, {
        accept: 'one, two',
        forwardedFor: 'one, two',
        forwardedProto: 'one, two',
        forwardedHost: 'one, two',
        requestId: 'one, two',
        authorization: ['a'],
        connectionNames: ['x-y', 'close'],
      })
    }),
    { numRuns: 20 },
  )
  t.end()
})
