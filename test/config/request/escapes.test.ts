import * as fc from 'fast-check'
import t from 'tap'
import { escapeNames, escapesOf, faultInEscapes, namesOf } from '../../../src/config/request/escapes.ts'
import { judgeTarget } from '../../../src/decision/request/target.ts'

const all = escapesOf(escapeNames)
const reason = (path: string, escapes = all) => faultInEscapes(path, escapes)?.reason

t.test('a set of names is as it was given, in one order', async (t) => {
  t.same(namesOf(escapesOf(['percent', 'hash'])), ['hash', 'percent'])
  t.same(namesOf(0), [])
  t.equal(escapesOf(['hash', 'hash']), escapesOf(['hash']))
})

t.test('a route takes what it names, and is told of the first that it does not', async (t) => {
  t.equal(faultInEscapes('/v1/files/Invoice%20%2312%20100%25.pdf', all), undefined)
  t.equal(faultInEscapes('/v1/files/who%3F', escapesOf(['question'])), undefined)
  t.same(faultInEscapes('/f/a%23b%3fc', escapesOf(['hash'])), { reason: 'escaped_question_mark', at: 8 })
  t.same(faultInEscapes('/f/%25%23', escapesOf(['hash'])), { reason: 'escaped_percent', at: 3 })
  t.same(faultInEscapes('/f/a%20%23', 0), { reason: 'escaped_hash', at: 7 })
  t.equal(faultInEscapes('/f/a%20b', 0), undefined, 'others are judged elsewhere')
})

t.test(
  'what would be a delimiter, a dot or a control for who decodes again is refused everywhere',
  async (t) => {
    for (const path of [
      ...['/f/%252f', '/f/%252F', '/f/%255c', '/f/%252e', '/f/%253b', '/f/%253f', '/f/%2523', '/f/%2500'],
      ...['/f/%251f', '/f/%257f', '/f/%25252f', '/f/%2525252e', '/f/%25%32f', '/f/%25%32%66', '/f/%252%66'],
      ...['/f/%25%2532f', '/f/%25u002f', '/f/%2525u002F', '/f/%25%7500%32f'],
    ])
      t.equal(reason(path), 'nested_escape', path)
    for (const path of [
      ...[
        '/f/100%25',
        '/f/100%25.pdf',
        '/f/50%25%2050%25',
        '/f/5%25ab',
        '/f/%2525',
        '/f/%2541',
        '/f/%25union',
      ],
      '/f/30%2550%2520%25.pdf',
    ])
      t.equal(reason(path), undefined, path)
  },
)

t.test('a dot segment in front of a hash or question mark is one for who ends the path there', async (t) => {
  for (const path of ['/f/..%23', '/f/..%3fx', '/f/.%23/a', '/f/%2e.%23', '/..%23'])
    t.equal(reason(path), 'dot_segment', path)
  for (const path of ['/f/...%23', '/f/a..%23', '/f/%23..', '/f/..a%3f'])
    t.equal(reason(path), undefined, path)
})

t.test('however often a path that is taken is decoded, it has the same segments', async (t) => {
  const piece = fc.constantFrom(
    ...['%25', '%25', '25', '%23', '%3f', '%20', '%2e', '%32', '%66', '2', 'f', 'e', '5', 'c', '0', '.', 'a'],
    ...['/', 'u', '%41'],
  )
  let taken = 0
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const path = `/f/${pieces.join('')}`
      if (!judgeTarget(path, all).ok || faultInEscapes(path, all) !== undefined) return
      taken++
      const once = latin1(path)
      for (let before = once, after = latin1(once); after !== before; before = after, after = latin1(after)) {
        for (const character of ['/', '\\', ';', '?', '#', '.', '\0']) {
          const [old, now] = [before, after].map((text) => text.split(character).length)
          if (old !== now) throw new Error(`${path} has another ${character} when decoded to ${after}`)
        }
      }
    }),
    { numRuns: 20_000 },
  )
  t.ok(taken > 1_000, 'many are taken')
})

function latin1(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
