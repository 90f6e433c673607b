// Values that a server could read as a literal without their being it: one or more of each kind that disguise.ts knows.

import { foldExactly } from '../../config/disguise.ts'

/** Disguises of a literal: by escapes, by an ending, by trailing blanks and dots, by letters of other forms. */
export function disguisesOf(literal: string): string[] {
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
  ]
}

/** The first characters each turned into another form. */
function changed(characters: readonly string[], count: number, form: (character: string) => string): string {
  return characters.map((character, index) => (index < count ? form(character) : safe(character))).join('')
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
