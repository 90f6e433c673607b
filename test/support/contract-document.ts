// docs/contract.md holds a table that is made of what the code knows: who may call which route of the admin API.

import { access, callerKinds } from '../../src/control/callers/access.ts'

const marks = /(<!-- callers: npm run docs -->\n)[^]*?(<!-- end -->)/

function rows(): string[] {
  return [
    `| route | reach | ${callerKinds.map((kind) => `\`${kind}\``).join(' | ')} |`,
    `|---|---|${callerKinds.map(() => '---|').join('')}`,
    ...Object.entries(access).map(([route, { may, reach }]) => {
      const cells = callerKinds.map((kind) => ((may as readonly string[]).includes(kind) ? 'yes' : ''))
      return `| \`${route}\` | ${reach} | ${cells.join(' | ')} |`
    }),
  ]
}

/** The text with its table as it is now. Throws where the marks are missing. */
export function withCallers(text: string): string {
  if (!marks.test(text)) throw new Error('docs/contract.md has no marks for the callers')
  return text.replace(marks, (_, start: string, end: string) => `${start}\n${rows().join('\n')}\n\n${end}`)
}
