// Text tables for people: columns aligned, nothing that could move the cursor, colour only where asked for.

import { printable } from '../errors/printable.ts'

/** A cell: text, or text in a colour. */
export type Cell = string | { readonly text: string; readonly colour: Colour }

const codes = { bold: [1, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], dim: [2, 22] } as const
export type Colour = keyof typeof codes

const gap = '  '

/** A header and rows below it, each on a line. Columns are as wide as their widest cell. */
export function renderTable(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  isColoured: boolean,
): string {
  const head = header.map((text): Cell => ({ text, colour: 'bold' }))
  return renderRows(header.length === 0 ? rows : [head, ...rows], isColoured)
}

/** A label and its values. */
export type Field = readonly [label: string, ...values: Cell[]]

/** Label and value, a line each; further values of one label stand below the first. */
export function renderFields(fields: readonly Field[], isColoured: boolean): string {
  const rows = fields.flatMap(([label, ...values]) =>
    values.map((value, index): Cell[] => [{ text: index === 0 ? label : '', colour: 'dim' }, value]),
  )
  return renderRows(rows, isColoured)
}

function renderRows(rows: readonly (readonly Cell[])[], isColoured: boolean): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(printable(textOf(cell))))
    }
  }
  const lines = rows.map((row) => row.map((cell, index) => padded(cell, widths[index] ?? 0, isColoured)))
  return lines.map((cells) => `${cells.join(gap).trimEnd()}\n`).join('')
}

function padded(cell: Cell, width: number, isColoured: boolean): string {
  const text = printable(textOf(cell))
  const space = ' '.repeat(width - widthOf(text))
  if (typeof cell === 'string' || !isColoured || text === '') return text + space
  const [on, off] = codes[cell.colour]
  return `\x1b[${on}m${text}\x1b[${off}m${space}`
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Columns of a terminal that a text takes: East Asian wide characters and emoji take two. */
function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const { segment } of new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text))
    width += wide.test(segment) ? 2 : 1
  return width
}
