// Heads whose lines end in LF alone, as the output of scripts does (RFC 9112 §2.2 lets a recipient take them). A server may
// have written the first lines itself, with CRLF; but once a line has ended in LF alone, all do: what stands otherwise may
// be somebody's text, put into a value with an LF in it.

/** The place of the first LF without a CR before it, at `from` or behind; -1: there is none. */
export function firstBareLine(text: string, from: number): number {
  for (let at = text.indexOf('\n', from); at !== -1; at = text.indexOf('\n', at + 1))
    if (text[at - 1] !== '\r') return at
  return -1
}

/**
 * The end of a head, behind its empty line, in which the LF at `bareAt` is the first that stands alone; undefined: it has
 * not come; null: a CR came after that LF. `from`: what stands before it was looked at already.
 */
export function endOfBareHead(text: string, bareAt: number, from: number): number | undefined | null {
  const empty = text.indexOf('\n\n', Math.max(bareAt - 1, from - 1, 0))
  const carriageReturn = text.indexOf('\r', Math.max(bareAt, from - 1))
  if (carriageReturn !== -1 && (empty === -1 || carriageReturn < empty)) return null
  return empty === -1 ? undefined : empty + 2
}

/** The same head with CRLF at the end of each line. */
export function withCrLf(head: string, bareAt: number): string {
  return head.slice(0, bareAt) + head.slice(bareAt).replaceAll('\n', '\r\n')
}

const framing = /^(?:content-length|transfer-encoding|connection|keep-alive)$/i

/** Control characters in values, but for those that end lines or mean their end to some: NUL, CR, LF. */
const controls = /[^\0\t\n\r\x20-\x7e\x80-\xff]/g

/** Field lines with a space for each control character in a value (RFC 9110 §5.5), which nothing that frames may hold. */
export function withoutControls(lines: string): string {
  return lines
    .split('\r\n')
    .map((line) => {
      const colon = line.indexOf(':')
      if (framing.test(line.slice(0, colon))) return line
      return line.slice(0, colon + 1) + line.slice(colon + 1).replace(controls, ' ')
    })
    .join('\r\n')
}
