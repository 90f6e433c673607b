import t from 'tap'
import { renderFields, renderTable } from '../../src/cli/table.ts'

void t.test('columns are as wide as their widest cell, and no line ends in spaces', async (t) => {
  const text = renderTable(
    ['ID', 'NAME'],
    [
      ['a', 'One'],
      ['long', ''],
    ],
    false,
  )
  t.equal(text, 'ID    NAME\na     One\nlong\n')
})

void t.test('several values of a field stand below each other', async (t) => {
  t.equal(renderFields([['id', 'a'], ['names', 'b', 'c'], ['none']], false), 'id     a\nnames  b\n       c\n')
})

void t.test('colour is only there where asked for, and does not move the columns', async (t) => {
  const rows = [[{ text: 'x', colour: 'red' }, 'y']] as const
  t.equal(renderTable(['AA', 'B'], rows, false), 'AA  B\nx   y\n')
  t.equal(
    renderTable(['AA', 'B'], rows, true),
    '\x1b[1mAA\x1b[22m  \x1b[1mB\x1b[22m\n\x1b[31mx\x1b[39m   y\n',
  )
})

void t.test('names cannot steer the terminal', async (t) => {
  t.equal(renderTable(['A'], [['x\x1b[2J\n\u202ey']], false), 'A\nx\\u001b[2J\\n\\u202ey\n')
})

void t.test('wide characters count for two columns', async (t) => {
  t.equal(
    renderTable(
      ['A', 'B'],
      [
        ['東京', 'x'],
        ['👍', 'y'],
        ['é', 'z'],
      ],
      false,
    ),
    'A     B\n東京  x\n👍    y\né     z\n',
  )
})
