import * as fc from 'fast-check'
import t from 'tap'
import { mostConnectionNames } from '../../../src/decision/request/head.ts'
import { headLimits, headOf, rawOf } from '../../gateway/subject.ts'

const host = 'Host: api.flintn.com'

function read(fields: readonly string[], limits = headLimits) {
  return headOf(rawOf({ fields }), limits)
}

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
      const head = headOf(
        rawOf({ fields: [...fields, `${of('Authorization')}: a`, `${of('Connection')}: X_y, Close`] }),
        headLimits,
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

t.test('of a head over a limit only Accept is kept, and none that stands beyond the limit', (t) => {
  const said = [
    'X-Forwarded-For: 1.1.1.1',
    'X-Request-Id: theirs',
    'Content-Length: 3',
    'Accept: one',
    'Connection: upgrade',
  ]
  const kept = {
    accept: 'one',
    hosts: 0,
    contentLength: undefined,
    // What follows it is not known.
    isChunked: true,
    connectionNames: [],
    forwardedFor: undefined,
    requestId: undefined,
  }
  const over = {
    header_count: ['A: 1', 'Accept: two'],
    header_bytes: [`A: ${'a'.repeat(400)}`],
  }
  for (const [excess, more] of Object.entries(over)) {
    const head = read([host, ...said, ...more], { headerBytes: 400, headerCount: said.length + 2 })
    t.match(head, { ...kept, excess })
  }
  const names = Array.from({ length: mostConnectionNames + 1 }, (_, i) => `a${i}`)
  t.match(read([host, ...said, `Connection: ${names.join(',')}`]), { ...kept, excess: 'connection_names' })
  t.end()
})

t.test('of a Connection no more names are kept than may be listed, and one', (t) => {
  const long = `Connection: ${'a,'.repeat(10_000)}`
  const head = read([host, long, long], { headerBytes: 100_000, headerCount: 200 })
  t.equal(head.excess, 'connection_names')
  t.end()
})

t.test('a name of Connection ends at space and tab alone', (t) => {
  t.same(read([host, 'Connection: \tx-a ,x-b\u00a0,\u00a0x-c']).connectionNames, ['x-a', 'x-b-', '-x-c'])
  t.end()
})

t.test('what is not looked for is passed over, in whatever spelling', (t) => {
  const empty = read([])
  t.same(
    read(['User-Agent: a', 'USER-AGENT: b', 'hosts: a', 'ACCEPT-ENCODING: c', `${'x'.repeat(300)}: d`]),
    empty,
  )
  t.match(read(['hOsT: a', 'HOST: b']), { hosts: 2, host: 'b' })
  t.end()
})
