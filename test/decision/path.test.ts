// Contract 5.2.
// What is accepted as a path is read alike by every reader behind the gateway.

import * as fc from 'fast-check'
import t from 'tap'
import { judgePath } from '../../src/decision/path.ts'
import { accessOf, loadDemo } from '../gateway/subject.ts'

const config = await loadDemo()
const reasonOf = (target: string) => judgePath(accessOf(config, { target }))?.reason

/** Go's path.Clean on the decoded path, as net/http's ServeMux has it: a trailing slash stays. */
function readByGo(path: string): string {
  const out: string[] = []
  const decoded = decodeURIComponent(path)
  for (const segment of decoded.split('/')) {
    if (segment === '..') out.pop()
    else if (segment !== '' && segment !== '.') out.push(segment)
  }
  return `/${out.join('/')}${decoded.endsWith('/') && out.length > 0 ? '/' : ''}`
}

/** nginx: bytes decoded once, slashes merged, dot segments resolved; ends at a NUL, a `#` or a `?`. */
function readByNginx(path: string): string {
  const [decoded = ''] = decodeURIComponent(path.split('#')[0] ?? '').split('\0')
  return new URL(`http://h${encodeURI(decoded.replaceAll(/\/+/g, '/')).replaceAll('?', '%3F')}`).pathname
}

/** A servlet container: path parameters cut off, decoded, backslashes taken for slashes, then normalised. */
function readByJava(path: string): string {
  const withoutParameters = path.replaceAll(/;[^/]*/g, '')
  return readByGo(encodeURI(decodeURIComponent(withoutParameters).replaceAll('\\', '/')))
}

/** One that decodes twice. */
const readTwice = (path: string) => decodeURIComponent(decodeURIComponent(path))

// Pieces out of which readers' disagreements are made, between harmless ones.
const piece = fc.constantFrom(
  ...[
    '/',
    '/',
    '/',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%5c',
    '\\',
    ';',
    ';a=b',
    '%3b',
    '%25',
    '%252e',
    '%00',
  ],
  ...[
    '#',
    '%23',
    '%3f',
    '%',
    '%4',
    '%zz',
    '%41',
    '%7f',
    '%0a',
    '%c3%a9',
    '%ff',
    '%c0%af',
    '\u00e9',
    ' ',
    '\t',
  ],
  ...[
    'a',
    'v1',
    'status',
    ':',
    '@',
    '~',
    '-',
    '_',
    '!',
    '$',
    '&',
    "'",
    '(',
    ')',
    '*',
    '+',
    ',',
    '=',
    '"',
    '<',
    '{',
  ],
)
const path = fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)

t.test('every path that is accepted is read alike by all readers', (t) => {
  let accepted = 0
  fc.assert(
    fc.property(path, (path) => {
      if (reasonOf(path) !== undefined) return
      accepted++
      const plain = decodeURIComponent(path)
      const readings = {
        whatwg: decodeURIComponent(new URL(`http://h${path}`).pathname),
        go: readByGo(path),
        nginx: decodeURIComponent(readByNginx(path)),
        java: readByJava(path),
        twice: readTwice(path),
      }
      for (const [reader, reading] of Object.entries(readings)) {
        if (reading !== plain) throw new Error(`${reader} reads ${path} as ${reading}`)
      }
    }),
    { numRuns: 20_000 },
  )
  t.ok(accepted > 500, 'many are accepted')
  t.end()
})

t.test('a path of plain characters is accepted, and WHATWG URL leaves it as it is', (t) => {
  const segment = fc.stringMatching(/^[A-Za-z0-9_~!$&'()*+,=:@-]{1,12}$/)
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (segments) => {
      const path = `/${segments.join('/')}`
      if (reasonOf(path) !== undefined) throw new Error(`${path} is refused`)
      if (new URL(`http://h${path}`).pathname !== path) throw new Error(`${path} is changed`)
    }),
  )
  t.end()
})

t.test('the judgement itself never fails', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void reasonOf(text)))
  t.end()
})

const refused: Record<string, readonly string[]> = {
  not_origin_form: ['http://h/v1', '*', '', 'v1', '//h'.slice(2)],
  dot_segment: ['/.', '/..', '/a/../b', '/a/./b', '/a/%2e%2E/b', '/a/.%2e', '/%2e'],
  empty_segment: ['//', '//h/a', '/a//b', '/a//'],
  backslash: ['/a\\b'],
  semicolon: ['/a;b=c', '/a/..;/b'],
  fragment: ['/a#b', '/a?b#c'],
  raw_byte: ['/a b', '/\u00e9', '/a\u007f', '/a\tb'],
  malformed_escape: ['/%', '/%4', '/%zz', '/a%'],
  not_utf8: ['/%ff', '/%c0%af', '/%ed%a0%80'],
  escaped_slash: ['/%2f', '/a%2Fb'],
  escaped_backslash: ['/%5c', '/%5C'],
  escaped_percent: ['/%25', '/%252e'],
  escaped_semicolon: ['/%3b', '/%3B'],
  escaped_question_mark: ['/%3f'],
  escaped_hash: ['/%23'],
  escaped_control: ['/%00', '/%1f', '/%7f', '/%0d%0a'],
  raw_byte_in_query: ['/a?\u00e9', '/a?b\u0000', '/a?b c'],
}
for (const [reason, targets] of Object.entries(refused)) {
  t.test(`refused as ${reason}`, (t) => {
    for (const target of targets) t.equal(reasonOf(target), reason, JSON.stringify(target))
    t.end()
  })
}

t.test('a root, a trailing slash, dots within a name, and any ASCII in a query are accepted', (t) => {
  for (const target of [
    '/',
    '/a/',
    '/a.b',
    '/...',
    '/.a',
    '/a..',
    '/%41',
    '/a?//../;%00%2f\\',
    '/a?',
    '/a??b',
  ]) {
    t.equal(reasonOf(target), undefined, target)
  }
  t.end()
})

t.test('the path is the target up to the query, byte for byte', (t) => {
  const access = accessOf(config, { target: '/v1/%41?x=/y?z' })
  judgePath(access)
  t.equal(access.path, '/v1/%41')
  t.end()
})
