// Contract 3.

import t from 'tap'
import { findOverlaps } from '../../src/config/overlaps.ts'
import { parseTemplate } from '../../src/config/template.ts'

function clashes(...templates: string[]): boolean {
  const routes = templates.map((template) => {
    const [method, path] = template.includes(' ') ? template.split(' ') : ['GET', template]
    const parsed = parseTemplate(path ?? '')
    if (!parsed.ok) throw new Error(parsed.message)
    return { method: method ?? '', segments: parsed.segments }
  })
  const found = findOverlaps(routes).length > 0
  t.equal(
    findOverlaps(routes.toReversed()).length > 0,
    found,
    `${templates.join(', ')}: the order does not count`,
  )
  return found
}

t.test('two routes without a winner clash', async (t) => {
  const pairs: [string, string][] = [
    ['/a/{x}', '/a/{y}'],
    ['/a/b', '/a/b'],
    ['/{x}/b', '/a/{y}'],
    ['/{x}/b', '/a/{r...}'],
    ['/{x}/{y}/c', '/a/{r...}'],
    ['/a/{r...}', '/a/{s...}'],
    ['/{x}/{y}/{r...}', '/a/{r...}'],
  ]
  for (const [a, b] of pairs) t.equal(clashes(a, b), true, `${a} ${b}`)
})

t.test('a route that is at least as specific everywhere wins, so both may stand', async (t) => {
  const pairs: [string, string][] = [
    ['/a/{x}', '/a/b'],
    ['/a/{r...}', '/a/{x}'],
    ['/a/{r...}', '/a/{x}/c'],
    ['/a/{r...}', '/a/b/{s...}'],
    ['/{x}/{r...}', '/a/{r...}'],
    ['/a/{r...}', '/a/'],
    ['/a/{x}', '/a/'],
    ['/a', '/a/'],
    ['/{x}/b', '/a/c'],
    ['/{x}/', '/a/{r...}'],
    ['GET /a/{x}', 'POST /a/{y}'],
    ['/', '/{x}'],
  ]
  for (const [a, b] of pairs) t.equal(clashes(a, b), false, `${a} ${b}`)
})

/** `/a/{x} p`: what it says; `/a/{x} p shadow`. */
function clashesOf(...lines: string[]): number {
  const routes = lines.map((line) => {
    const [path = '', rule = '', shadow] = line.split(' ')
    const parsed = parseTemplate(path)
    if (!parsed.ok) throw new Error(parsed.message)
    return {
      method: 'GET',
      segments: parsed.segments,
      rule: rule.charCodeAt(0),
      isShadow: shadow !== undefined,
    }
  })
  const found = findOverlaps(routes).length
  t.equal(
    findOverlaps(routes.toReversed()).length > 0,
    found > 0,
    `${lines.join(', ')}: the order does not count`,
  )
  return found
}

t.test('literals around a parameter win over none, the longer over the shorter', async (t) => {
  for (const [a, b] of [
    ['/{x}', '/{x}:ab'],
    ['/{x}:ab', '/1:ab'],
    ['/{x}:ab', '/{x}b'],
    ['/pre-{x}', '/{x}:ab'],
    ['/{x}:ab', '/{x}:cd'],
    ['/{x}:ab', '/{r...}'],
    ['/{a}-{b}', '/x-{b}'],
    ['/{a}...{b}', '/{x}'],
  ] as const)
    t.equal(clashes(a, b), false, `${a} ${b}`)
  for (const [a, b] of [
    ['/{x}:ab', '/{y}:ab'],
    ['/a-{x}', '/{x}-b'],
    ['/{x}:ab/c', '/1:ab/{y}'],
    ['/{x}/c', '/{x}:ab/{y}'],
    ['/a-{x}/{y}', '/{x}-b/c'],
    ['/{a}-{b}', '/{x}a'],
  ] as const)
    t.equal(clashes(a, b), true, `${a} ${b}`)
})

t.test('a pair that says the same is no clash', async (t) => {
  t.equal(clashesOf('/{x}/b p', '/a/{y} p'), 0)
  t.equal(clashesOf('/{x}/b p', '/a/{y} q'), 1)
  t.equal(clashesOf('/a/{x} p', '/a/{y} p'), 0)
  t.equal(clashesOf('/a/{x} p', '/a/{y} q'), 1)
  t.equal(clashesOf('/{x}/b p', '/a/{y} p', '/{x}/{y} q'), 0)
})

t.test('a route for exactly what both match settles a pair', async (t) => {
  t.equal(clashesOf('/{x}/b p', '/a/{y} q', '/a/b r'), 0)
  t.equal(clashesOf('/{x}/b p', '/a/{y} q', '/a/c r'), 1)
  t.equal(clashesOf('/a/{r...} p', '/{x}/b q', '/a/b r'), 0)
  t.equal(clashesOf('/a/{r...} p', '/{x}/b/{s...} q', '/a/b/{s...} r'), 0)
  t.equal(clashesOf('/a/{r...} p', '/{x}/b/{s...} q', '/a/b r'), 1)
  t.equal(clashesOf('/{x}:ab/c p', '/1:ab/{y} q', '/1:ab/c r'), 0)
  t.equal(clashesOf('/{x}:ab/{z} p', '/{w}b/c q', '/{x}:ab/c r'), 0, 'the longer of two')
  t.not(clashesOf('/{x}:ab/{z} p', '/{w}b/c q', '/{x}b/c r'), 0)
})

t.test('what is of two literals of one length is settled by all that is of both', async (t) => {
  t.equal(clashesOf('/a-{x} p', '/{x}-b q', '/a-{x}-b r'), 1, '/a-b and /a--b are of both')
  t.equal(clashesOf('/a-{x} p', '/{x}-b q', '/a-{x}-b r', '/a-b r', '/a--b r'), 0)
  t.equal(clashesOf('/a-{x}/{y} p', '/{x}-b/c q', '/a-{x}-b/c r', '/a-b/c r'), 1)
})

t.test('a route that is only compared settles nothing in the table in force', async (t) => {
  t.equal(clashesOf('/{x}/b p', '/a/{y} q', '/a/b r shadow'), 1)
  t.equal(clashesOf('/{x}/b p shadow', '/a/{y} q', '/a/b r shadow'), 0)
  t.equal(clashesOf('/{x}/b p shadow', '/a/{y} q', '/a/b r'), 0)
})

t.test('every later route is reported once', async (t) => {
  const segments = [{ kind: 'parameter' as const }]
  const routes = Array.from({ length: 5 }, () => ({ method: 'GET', segments }))
  t.equal(findOverlaps(routes).length, 4)
})

t.test('a large table is checked in bounded time', { timeout: 20_000 }, async (t) => {
  const routes = Array.from({ length: 20_000 }, (_, n) => {
    const parsed = parseTemplate(n % 100 === 0 ? `/v1/{p}/x${n}` : `/v1/r${n}/{id}/sub`)
    if (!parsed.ok) throw new Error(parsed.message)
    return { method: 'GET', segments: parsed.segments }
  })
  const start = Date.now()
  t.equal(findOverlaps(routes).length, 0)
  t.ok(Date.now() - start < 10_000, `${Date.now() - start} ms`)
})
