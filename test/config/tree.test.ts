import t from 'tap'
import { createReport, formatFault } from '../../src/config/fault.ts'
import { isGiven, parseTree, placeOfKey, placeOfValue, rawText } from '../../src/config/tree.ts'

function parse(text: string, env: Record<string, string> = {}) {
  const report = createReport()
  const source = { file: 'f.yaml', text }
  const tree = parseTree(source, env, report)
  return { tree, faults: report.faults.map(formatFault) }
}

t.test('keys and values know their places', async (t) => {
  const { tree } = parse('a:\n  b: [x, "y"]\n')
  if (!tree) return t.fail('no tree')
  t.match(placeOfKey(tree, ['a', 'b']), { line: 2, column: 3 })
  t.match(placeOfValue(tree, ['a', 'b', 1]), { line: 2, column: 10 })
  t.match(placeOfValue(tree, ['a', 'zz', 1]), { line: 1, column: 1 }, 'what is missing: its holder')
  t.equal(rawText(tree, ['a', 'b', 1]), '"y"'.slice(1, -1))
  t.equal(rawText(tree, ['a']), '')
  t.equal(isGiven(tree, ['a', 'b']), true)
  t.equal(isGiven(tree, ['a', 'c']), false)
})

t.test('columns count characters, line ends of Windows too', async (t) => {
  const { faults } = parse('é: 1\r\né: 2\r\n')
  t.strictSame(faults, ['f.yaml:2:1  duplicate key `é` (first: f.yaml:1:1)'])
})

t.test('a variable never becomes structure', async (t) => {
  const { tree, faults } = parse('a: ${A}\nb: [ "${A}" ]\n', { A: '{ x: 1 }\n- y: *z # no' })
  t.strictSame(faults, [])
  t.match(tree && placeOfValue(tree, ['a', 'x']), { line: 1, column: 1 })
  t.equal(tree && isGiven(tree, ['a', 'x']), false)
})

t.test('a plain variable is typed again, a quoted one is text', async (t) => {
  const { tree } = parse('a: ${A}\nb: "${A}"\nc: 1${A}\n', { A: '80' })
  const values = tree?.kind === 'map' ? [...tree.entries.values()].map(({ node }) => node) : []
  t.match(values, [
    { value: 80, expandedText: '80' },
    { value: '80', expandedText: '80' },
    { value: 180, expandedText: '180' },
  ])
})

t.test('each of these is a fault at its place', async (t) => {
  const cases: [string, string][] = [
    ['', 'f.yaml:1:1  the file is empty'],
    ['# nothing\n', 'f.yaml:1:1  the file is empty'],
    ['a: 1\na: 2\n', 'f.yaml:2:1  duplicate key `a` (first: f.yaml:1:1)'],
    ['{a: 1, "a": 2}\n', 'f.yaml:1:8  duplicate key `a` (first: f.yaml:1:2)'],
    ['[x]: 1\n', 'f.yaml:1:1  a key must be plain text'],
    ['__proto__: {}\n', 'f.yaml:1:1  a key must be plain text'],
    ['a: *b\n', 'f.yaml:1:4  no anchor `b` stands before this alias'],
    ['a: ${B}\n', 'f.yaml:1:4  the environment variable B is not set'],
    ['a: &a [*a]\n', 'f.yaml:1:7  nested too deeply, or too large when its aliases are followed'],
  ]
  for (const [text, fault] of cases) t.strictSame(parse(text).faults, [fault], JSON.stringify(text))
})

t.test('an alias stands for its anchor', async (t) => {
  const { tree, faults } = parse('a: &a { x: 1 }\nb: *a\n')
  t.strictSame(faults, [])
  t.equal(tree && isGiven(tree, ['b', 'x']), true)
})

t.test('aliases cannot blow a small file up', { timeout: 20_000 }, async (t) => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let n = 1; n < 9; n++) {
    bomb.push(`a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(', ')}]`)
  }
  const { faults } = parse(bomb.join('\n'))
  t.equal(faults.length, 1)
  t.match(faults[0], /nested too deeply, or too large when its aliases are followed$/)
})
