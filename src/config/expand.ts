// `${NAME}` and `${NAME:-default}` in scalars, after parsing: what a variable holds is text, never YAML. Where it is not
// set, the file that `NAME_FILE` names holds it.

import { readSecretFile } from './secret-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type Expansion =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string }

const reference = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/
const largestScalar = 256 * 1024

/**
 * Replaces every reference once; what is put in is not read again. A variable that is empty counts as not set, as
 * for the shell's `:-`; a file is read each time, and must then be there. The message of a failure names the variable and nothing that a variable holds.
 */
export function expand(text: string, env: Environment): Expansion {
  let result = ''
  let from = 0
  for (let start = text.indexOf('${'); start !== -1; start = text.indexOf('${', from)) {
    const end = text.indexOf('}', start)
    const match = end === -1 ? null : reference.exec(text.slice(start + 2, end))
    const name = match?.[1]
    if (name === undefined) return { ok: false, message: 'write a variable as ${NAME} or ${NAME:-default}' }
    const held = Object.hasOwn(env, name) ? env[name] : undefined
    const file = held === undefined || held === '' ? readSecretFile(env, name) : undefined
    if (file?.kind === 'fault') return { ok: false, message: file.fault }
    const value = file?.text ?? (held === undefined || held === '' ? match?.[2] : held)
    if (value === undefined) {
      return {
        ok: false,
        message: `the environment variable ${name} is ${held === '' ? 'empty' : 'not set'}`,
      }
    }
    result += text.slice(from, start) + value
    if (result.length > largestScalar) return { ok: false, message: 'the expanded value is too long' }
    from = end + 1
  }
  return { ok: true, text: result + text.slice(from) }
}

/** Types a text as YAML 1.2's core schema types a plain scalar (§10.3.2). */
export function typeAsCore(text: string): string | number | boolean | null {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  if (/^(?:0o[0-7]+|0x[0-9a-fA-F]+)$/.test(text)) return Number(text)
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text)
  return text
}
