// Values that a server could read as a literal without their being it: one or more of each kind that disguise.ts knows.

import { foldExactly } from '../../config/fold.ts'

/**
 * Disguises of a literal: by escapes, by an ending, by trailing blanks and dots, by letters of other forms. `around`: ends of
 * what stands beside it, where that is patterns; then parts of a segment count, and each character, each end of it and each
 * ending is changed by itself too.
 */
export function disguisesOf(literal: string, around: readonly string[] = []): string[] {
  const characters = Array.from(foldExactly(literal))
  const plain = characters.map(safe).join('')
  // A dot alone is no segment.
  const dotted = plain === '' ? [] : [`${plain}.x`, `${plain}.xx`, `${plain}.`, `${plain}..`]
  return [
    ...characters.map((_, index) => changed(characters, index + 1, escaped)),
    ...dotted,
    `${plain}%20`,
    `${plain}%20%20`,
    ...characters.map((_, index) => changed(characters, index + 1, widened)),
    ...(around.length > 0 ? ofParts(characters) : []),
    ...around.flatMap((end) => [`${plain}${end}`, `${plain}.x${end}`]),
  ]
}

/** The first characters each turned into another form. */
function changed(characters: readonly string[], count: number, form: (character: string) => string): string {
  return characters.map((character, index) => (index < count ? form(character) : safe(character))).join('')
}

function ofParts(characters: readonly string[]): string[] {
  return [escaped, widened].flatMap((form) =>
    characters.flatMap((_, index) => [
      characters.map((character, at) => (at === index ? form(character) : safe(character))).join(''),
      characters.map((character, at) => (at >= index ? form(character) : safe(character))).join(''),
    ]),
  )
}

function safe(character: string): string {
  return /^[A-Za-z0-9._~-]$/.test(character) ? character : escaped(character)
}

function escaped(character: string): string {
  return [...Buffer.from(character, 'utf8')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

/** Its full-width form, which NFKC takes back; ASCII only. */
function widened(character: string): string {
  const isWidenable = /^[!-~]$/.test(character)
  return escaped(isWidenable ? String.fromCodePoint((character.codePointAt(0) ?? 0) + 0xfee0) : character)
}
