// Where a text stops being JSON. The platform's parser does not always say, and says it in words that change.

/** Line and column of the first character that JSON does not have there; undefined: the text is JSON, or too large to say. */
export function jsonFaultAt(text: string): { readonly line: number; readonly column: number } | undefined {
  const offset = faultOffsetOrNone(text)
  if (offset === undefined) return undefined
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}

const token =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\x7f|[\u0080-\u009f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)))/uy

/** A string of many megabytes can be more than an expression takes. */
function faultOffsetOrNone(text: string): number | undefined {
  try {
    return faultOffset(text)
  } catch {
    return undefined
  }
}

type State = 'value' | 'first_value' | 'key' | 'first_key' | 'colon' | 'after' | 'end'

/** One step a token, with a stack of our own: a text may be nested as deeply as it likes. */
function faultOffset(text: string): number | undefined {
  const open: string[] = []
  let state: State = 'value'
  token.lastIndex = 0
  for (;;) {
    const from = token.lastIndex
    const match = token.exec(text)
    if (match === null) {
      const at = from + (/^[ \t\n\r]*/.exec(text.slice(from, from + 10_000))?.[0].length ?? 0)
      return at >= text.length && state === 'end' ? undefined : at
    }
    const [whole, mark, string] = match
    const next = step(state, { mark, isString: string !== undefined, open })
    if (next === undefined) return from + whole.length - whole.trimStart().length
    state = next
  }
}

interface Token {
  readonly mark: string | undefined
  readonly isString: boolean
  readonly open: string[]
}

function step(state: State, { mark, isString, open }: Token): State | undefined {
  const close = (): State => {
    open.pop()
    return open.length === 0 ? 'end' : 'after'
  }
  if (state === 'end') return undefined
  if (state === 'colon') return mark === ':' ? 'value' : undefined
  if (state === 'key' || state === 'first_key') {
    if (isString) return 'colon'
    return state === 'first_key' && mark === '}' ? close() : undefined
  }
  if (state === 'after') {
    const inside = open.at(-1)
    if (mark === ',') return inside === '{' ? 'key' : 'value'
    return mark === (inside === '{' ? '}' : ']') ? close() : undefined
  }
  if (mark === '{' || mark === '[') {
    open.push(mark)
    return mark === '{' ? 'first_key' : 'first_value'
  }
  if (mark === ']' && state === 'first_value') return close()
  if (mark !== undefined) return undefined
  return open.length === 0 ? 'end' : 'after'
}
