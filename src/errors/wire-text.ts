// Text of header fields as it came off the wire: latin1, a character a byte. Here, below all others, because each of them
// reads some, the reader of Accept beside it included.
//
// White space is space and tab there, and nothing else (RFC 9110 §5.6.3). JavaScript's `trim` and `\s` take more (0xA0, 0x0B,
// 0x0C): a key with such a byte beside it would be another text to every other reader. A test keeps them from this text.

const space = 0x20
const tab = 0x09

/** The text between `start` and `end` without the spaces and tabs around it. */
export function trimBlanks(text: string, start = 0, end = text.length): string {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}

/** The elements of a comma-separated list (RFC 9110 §5.6.1), empty ones too, from the left; no more than `most` of them. */
export function listElements(text: string, most = Number.POSITIVE_INFINITY): string[] {
  const elements: string[] = []
  for (let from = 0; elements.length < most; ) {
    const comma = text.indexOf(',', from)
    elements.push(trimBlanks(text, from, comma === -1 ? text.length : comma))
    if (comma === -1) break
    from = comma + 1
  }
  return elements
}
