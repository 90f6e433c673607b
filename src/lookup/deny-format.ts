// What the emergency stop keeps in Redis, checked on the way in: even sealed text may come from another version.

import { Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { denyKinds, readDenyValue } from '../config/deny.ts'
import type { DenyWord } from './deny-words.ts'

const WordText = Type.Object({
  kind: Type.Unsafe<DenyWord['kind']>(Type.Enum([...denyKinds])),
  value: Type.String(),
  isDenied: Type.Boolean(),
  atMs: Type.Integer(),
  actor: Type.String(),
})

/** What an instance says of itself: the sum of the words that it holds, and when. */
const HeldText = Type.Object({ sum: Type.String(), atMs: Type.Integer() })
export type Held = Type.Static<typeof HeldText>

const wordCheck = Compile(WordText)
const heldCheck = Compile(HeldText)

/** The text of a word. */
export function formatWord(word: DenyWord): string {
  return JSON.stringify(word)
}

/** A word; undefined where the text is none, or denies what this version would not. */
export function parseWord(text: string | undefined): DenyWord | undefined {
  const word = parsed(text)
  if (!wordCheck.Check(word)) return undefined
  const read = readDenyValue(word.kind, word.value)
  return read.ok && read.value === word.value ? word : undefined
}

/** What an instance holds; undefined where the text is none. */
export function parseHeld(text: string | undefined): Held | undefined {
  const held = parsed(text)
  return heldCheck.Check(held) ? held : undefined
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
