import t from 'tap'
import { createReport, formatFault } from '../../src/config/fault.ts'
import { parseYaml } from '../../src/config/parse-yaml.ts'

function parse(text: string, lexemes?: number) {
  const report = createReport()
  const parsed = parseYaml({ file: 'f.yaml', text }, report, lexemes)
  return { parsed, faults: report.faults.map(formatFault) }
}

t.test('a document knows the place of each character', async (t) => {
  const { parsed } = parse('a: 1\nbc: 2\n')
  t.match(parsed?.placeOf(0), { file: 'f.yaml', line: 1, column: 1 })
  t.match(parsed?.placeOf(9), { line: 2, column: 5 })
})

t.test('broken YAML, more than one document and unknown tags are faults', async (t) => {
  const texts = ['a: [1\nb: 2\n', 'a: b: c\n', 'a: 1\n---\nb: 2\n', 'a: !secret x\n', '\ta: 1\n', 'a: "x\n']
  for (const text of texts) {
    const { parsed, faults } = parse(text)
    t.equal(parsed, undefined, JSON.stringify(text))
    t.match(faults[0], /^f\.yaml:\d+:\d+ {2}not valid YAML: /)
  }
})

t.test('YAML is 1.2 whatever a directive says', async (t) => {
  const { parsed } = parse('%YAML 1.1\n---\noff\n')
  t.match(parsed?.contents.toJSON(), 'off')
})

t.test('a file with more lexemes than any table has ends in one fault', { timeout: 100_000 }, async (t) => {
  t.same(parse('#\n'.repeat(700_000)).faults, [
    'f.yaml:1:1  the file is nested too deeply or too complex to be a configuration',
  ])
})

t.test('hostile files end in few faults, in bounded time', { timeout: 60_000 }, async (t) => {
  const texts = [
    '['.repeat(1_000_000),
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    '{a: '.repeat(200_000),
    '- '.repeat(500_000),
    // Composing this one used to end the process: a regular expression was compiled at the stack's very end.
    '? '.repeat(50_000),
    `[${','.repeat(60_000)}`,
    '%\n'.repeat(60_000),
    '! '.repeat(500_000),
    '&a '.repeat(300_000),
    "'".repeat(1_000_000),
    `[${'[],'.repeat(100_000)}`,
  ]
  for (const text of texts) {
    const { faults } = parse(text, 100_000)
    t.ok(faults.length <= 21, `${text.slice(0, 10)}: ${faults.length} faults`)
  }
})
