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
