// The README's table of errors, read as a person would.

export interface ErrorRow {
  readonly code: string
  readonly status: number
}

/**
 * The rows of the table in the section `## Errors`: its first two columns are the code in backticks and the status.
 * Throws where the section, the table or one of its rows is not of that form.
 */
export function readErrorTable(markdown: string): ErrorRow[] {
  const [, section] = /^## Errors[ \t]*$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(markdown) ?? []
  if (section === undefined) throw new Error('README.md has no section "## Errors"')
  const lines = section.split('\n').filter((line) => line.trim().startsWith('|'))
  const isTable = lines[1] !== undefined && /^\s*\|(?:\s*:?-+:?\s*\|)+\s*$/.test(lines[1])
  if (!isTable || lines.length < 3) throw new Error('The section "## Errors" of README.md has no table')
  return lines.slice(2).map((line) => {
    const [, code, status] = /^\s*\|\s*`([A-Z_]+)`\s*\|\s*(\d{3})\s*\|/.exec(line) ?? []
    if (code === undefined) throw new Error(`README.md: no \`CODE\` and status in: ${line}`)
    return { code, status: Number(status) }
  })
}
