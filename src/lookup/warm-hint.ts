// What an instance says of its hint (warm-start.ts), checked on the way in: another version may have written it.

import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'

const HintText = Type.Object({
  /** Wall-clock milliseconds. */
  atMs: Type.Number(),
  chunks: Type.Integer({ minimum: 0, maximum: 1_000 }),
})

const hint = Compile(HintText)

/** undefined: it is none. */
export function parseHint(text: string | undefined): Static<typeof HintText> | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return hint.Check(value) ? value : undefined
  } catch {
    return undefined
  }
}
