// docs/log.md holds two tables that are made of what the code knows: between the marks that name them.

import { reasons } from '../../src/errors/reasons.ts'
import { lineFields } from '../../src/gateway/record/line-fields.ts'

const tables = {
  fields: () => [
    '| field | there | what it says |',
    '|---|---|---|',
    ...Object.entries(lineFields).map(([name, [when, what]]) => `| \`${name}\` | ${when} | ${what} |`),
  ],
  reasons: () => [
    '| code | reason | what happened |',
    '|---|---|---|',
    ...Object.entries(reasons).flatMap(([code, words]) =>
      Object.entries(words).map(([reason, what]) => `| \`${code}\` | \`${reason}\` | ${what} |`),
    ),
  ],
} as const

/** The text with its tables as they are now. Throws where a mark is missing. */
export function withTables(text: string): string {
  return Object.entries(tables).reduce((before, [name, rows]) => {
    const marks = new RegExp(`(<!-- ${name}: npm run docs -->\n)[^]*?(<!-- end -->)`)
    if (!marks.test(before)) throw new Error(`docs/log.md has no marks for ${name}`)
    return before.replace(
      marks,
      (_, start: string, end: string) => `${start}\n${rows().join('\n')}\n\n${end}`,
    )
  }, text)
}
