// What merchants and keys are called: by people, and read by others in tables, logs and mails. Two names that look the
// same should be the same, and none may hide in another: the rules of PRECIS' FreeformClass (RFC 8264 §4.3), with white
// space kept inside of a name and taken from its ends.

import { unprintableAt } from '../errors/printable.ts'

/** In characters (code points), of the normal form. */
export const maxNameLength = 100

export type ReadName =
  | { readonly ok: true; readonly name: string }
  /** Says what is wrong, and where, without repeating any of the text. */
  | { readonly ok: false; readonly message: string }

/** A name in its normal form: NFC, no white space at its ends. What cannot be mended without a guess is refused. */
export function readName(text: string, most = maxNameLength): ReadName {
  const name = normalName(text)
  const length = Array.from(name).length
  const hidden = unprintableAt(name)
  if (name === '') return refuse('must not be empty or of white space only')
  if (length > most) return refuse(`must not have more than ${most} characters`)
  if (hidden > 0)
    return refuse(
      `must be printable: its character ${hidden} is invisible, a control, or none that is assigned`,
    )
  // It would stand on what is before the name.
  if (/^\p{M}/u.test(name)) return refuse('must not begin with a combining mark')
  // U+2800, a Braille pattern without dots, is a symbol that nobody sees.
  if (!/(?!\u2800)[\p{L}\p{N}\p{P}\p{S}]/u.test(name)) return refuse('must have a character that can be seen')
  return { ok: true, name }
}

/** The form that names are compared in; names that were stored before there was one may differ from theirs. */
export function normalName(text: string): string {
  return text.normalize('NFC').trim()
}

function refuse(message: string): ReadName {
  return { ok: false, message }
}
