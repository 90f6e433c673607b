import * as fc from 'fast-check'
import t from 'tap'
import { jsonFaultAt } from '../../../src/tables/openapi/json-fault.ts'

t.test('the place of the first character that JSON does not have there', async (t) => {
  for (const [text, line, column] of [
    ['{"a": 1,}', 1, 9],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['[1, 2', 1, 6],
    ['{"a" 1}', 1, 6],
    ['{"a": "x\ny"}', 1, 7],
    ['{a: 1}', 1, 2],
    ['[01]', 1, 2],
    ['[truth]', 1, 2],
    ['{} {}', 1, 4],
    ['', 1, 1],
  ] as const)
    t.same(jsonFaultAt(text), { line, column }, text)
})

t.test('it says so of what the platform does not parse, and of nothing else', async (t) => {
  const property = fc.property(
    fc.json(),
    fc.nat(),
    fc.constantFrom('', '}', ',', '"', ' ', 'x', ':'),
    (text, at, extra) => {
      const index = at % (text.length + 1)
      const changed = text.slice(0, index) + extra + text.slice(index)
      return (jsonFaultAt(changed) === undefined) === isJson(changed)
    },
  )
  fc.assert(property, { numRuns: 3000 })
  t.equal(jsonFaultAt('['.repeat(200_000))?.line, 1, 'however deep')
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
