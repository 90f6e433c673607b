// The files of docs/guides, as tests take them: as they are, but for names, addresses and paths of one's own.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The text of a guide's file. Throws where a part that is to be another is not in it, so that no test passes by mistake. */
export function guide(name: string, others: Readonly<Record<string, string>> = {}): string {
  const file = fileURLToPath(new URL(`../../../docs/guides/${name}`, import.meta.url))
  return Object.entries(others).reduce(
    (text, [part, other]) => {
      if (!text.includes(part)) throw new Error(`docs/guides/${name} has no "${part}"`)
      return text.replaceAll(part, () => other)
    },
    readFileSync(file, 'utf8'),
  )
}
