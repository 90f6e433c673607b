// Text of others (files, arguments, answers of servers, names) as it may stand on a line that people or a CI read:
// nothing in it moves the cursor, turns the direction of what follows, hides, or begins another line. Who may call
// what by which name asks the same question: what of a text can be seen?

/** Scripts in which a joiner or its absence is spelling, not disguise (RFC 5892 A.1, A.2 name the same two characters). */
const joining = ['Arab', 'Syrc', 'Mong', 'Nkoo', 'Deva', 'Beng', 'Guru', 'Gujr', 'Orya', 'Taml', 'Telu']
  .concat(['Knda', 'Mlym', 'Sinh', 'Khmr', 'Mymr', 'Tibt'])
  .map((script) => `\\p{scx=${script}}`)
  .join('')
const pictogram = '\\p{Extended_Pictographic}\\p{Emoji_Modifier}?'

/** Controls, formats, surrogates, private use, unassigned; line and paragraph separators; what is not drawn. */
const unseen = '[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}]'
const spelling = [
  `${pictogram}\\ufe0f`,
  `${pictogram}\\ufe0f?\\u200d(?=\\p{Extended_Pictographic})`,
  `[${joining}]\\p{M}*[\\u200c\\u200d](?=[${joining}])`,
].join('|')

const unprintable = new RegExp(`${unseen}(?<!${spelling})`, 'gu')
const firstUnprintable = new RegExp(unprintable.source, 'u')

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** The text on one line, with escapes such as `\n`, `\u001b`, `\u202e` (those of JSON) for what does not print. */
export function printable(text: string): string {
  // The usual text is plain.
  return /^[\x20-\x7e]*$/.test(text) ? text : text.replace(unprintable, escaped)
}

/** As `printable`, but ends of lines stay: for text that is already in lines. */
export function printableLines(text: string): string {
  return /^[\x20-\x7e\n]*$/.test(text)
    ? text
    : text.replace(unprintable, (match) => (match === '\n' ? match : escaped(match)))
}

/** Where the first character is that does not print, in characters from 1; 0: all do. */
export function unprintableAt(text: string): number {
  const found = firstUnprintable.exec(text)
  return found === null ? 0 : Array.from(text.slice(0, found.index)).length + 1
}

/** One character as escapes, one for each of its UTF-16 units, as JSON and YAML (in double quotes) read them. */
function escaped(character: string): string {
  const known = short[character]
  if (known !== undefined) return known
  return Array.from({ length: character.length }, (_, index) => unitEscape(character, index)).join('')
}

function unitEscape(text: string, index: number): string {
  return `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`
}
