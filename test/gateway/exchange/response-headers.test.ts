import t from 'tap'
import { responseHeaders } from '../../../src/gateway/exchange/response-headers.ts'

const flatOf = (fields: readonly string[]) => fields.flatMap((field) => field.split(': '))

const responded = (...fields: string[]) => responseHeaders(flatOf(fields), true)

t.test('a response keeps order, case, repeats and bytes', (t) => {
  const fields = [
    'Set-Cookie: a',
    'content-TYPE: x',
    'Set-Cookie: b',
    'X-L: caf\u00e9',
    'WWW-Authenticate: Own',
  ]
  t.same(responded(...fields), flatOf(fields))
  t.end()
})

t.test("a response's hop-by-hop fields, request id and error source go no further", (t) => {
  const hops = [
    'Connection: X-Hop, close',
    'X-Hop: 1',
    'Keep-Alive: 5',
    'Transfer-Encoding: chunked',
    'Upgrade: h2c',
  ]
  t.same(responded(...hops, 'x-request-id: theirs', 'X-Error-Source: gateway'), [])
  t.end()
})

t.test('a name that is only as long as one of these passes', (t) => {
  const fields = [
    'Co: 1',
    'Content-Type: 2',
    'Upgradf: 3',
    'Content-Lengtg: 4',
    'X-Something-Longer-Than-All: 5',
    ': 6',
  ]
  t.same(responded(...fields), flatOf(fields))
  t.same(responded('TE: 1', 'PROXY-connection: 2', 'keep-ALIVE: 3'), [])
  t.end()
})

t.test('Connection cannot take away what frames a response', (t) => {
  t.same(responded('Connection: content-length', 'Content-Length: 3'), ['Content-Length', '3'])
  t.end()
})

t.test('Trailer goes on only where trailers can follow', (t) => {
  t.same(responded('Trailer: X-Sum'), ['Trailer', 'X-Sum'])
  t.same(responded('Trailer: X-Sum', 'Content-Length: 3'), ['Content-Length', '3'])
  t.end()
})
