// Contract 5.1.

import t from 'tap'
import { mostConnectionNames } from '../../src/decision/request/head.ts'
import { judgeMessage } from '../../src/decision/message.ts'
import { accessOf, loadDemo, type Question } from '../gateway/subject.ts'

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

t.test('a target that is too long is told before a head that is too large', async (t) => {
  const many = Array.from({ length: limits.headerCount + 1 }, () => 'A: b')
  const target = `/${'a'.repeat(limits.urlBytes)}`
  t.equal(await judge({ target, fields: [host, ...many] }), 'URI_TOO_LONG url_bytes')
})

t.test('a Connection that lists too many names is refused', async (t) => {
  const listing = (count: number) =>
    `Connection: ${Array.from({ length: count }, (_, i) => `a${i}`).join(', ')}`
  t.equal(await judge({ fields: [host, listing(mostConnectionNames)] }), undefined)
  t.equal(
    await judge({ fields: [host, listing(mostConnectionNames + 1)] }),
    'HEADERS_TOO_LARGE connection_names',
  )
  const one = 'Connection: a'
  const fields = Array.from({ length: mostConnectionNames }, () => one)
  t.equal(await judge({ fields: [host, ...fields] }), undefined)
  t.equal(await judge({ fields: [host, ...fields, one] }), 'HEADERS_TOO_LARGE connection_names')
  // These name no field.
  const usual = Array.from({ length: 150 }, (_, i) => `Connection: ${i % 2 === 0 ? 'close' : 'keep-alive'}`)
  t.equal(await judge({ fields: [host, ...usual] }), undefined)
})
