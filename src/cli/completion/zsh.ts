// The completion of zsh 5: as bash's, with what each word means beside it.

import type { Flag, Verb } from './verbs.ts'

/** A script for a file `_latchkey` in `fpath`, or to be read by `source` after `compinit`. */
export function zshScript(program: string, verbs: ReadonlyMap<string, Verb>): string {
  const all = [...verbs.values()]
  const below = all.flatMap((verb) => verb.below)
  const valued = all.flatMap(({ path, flags }) =>
    flags.filter(({ takesValue }) => takesValue).map((flag) => ({ path, flag })),
  )
  return `#compdef ${program}
_${program}() {
  local at=${program} i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
      ${below.map(quoted).join(' | ')}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${valued.map(({ path, flag }) => `    ${quoted(`${path} ${flag.name}`)}) ${valuesOf(flag)}; return ;;`).join('\n')}
  esac
  case "$at" in
${all.map((verb) => `    ${quoted(verb.path)}) found=(${described(verb, verbs).join(' ')}) ;;`).join('\n')}
  esac
  _describe -t words ${program} found
  # What is no verb and no flag may be a file.
  [[ $PREFIX == -* ]] || case "$at" in
${all
  .filter(({ below: under }) => under.length === 0)
  .map(({ path }) => `    ${quoted(path)}) _files ;;`)
  .join('\n')}
  esac
}
if [[ $funcstack[1] == _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`
}

function valuesOf({ values }: Flag): string {
  return values.length === 0 ? '_files' : `compadd -- ${values.map(quoted).join(' ')}`
}

function described(verb: Verb, verbs: ReadonlyMap<string, Verb>): readonly string[] {
  const names = verb.below.flatMap((path) => verbs.get(path) ?? [])
  return [...names, ...verb.values.map((name) => ({ name, about: '' })), ...verb.flags].map(
    ({ name, about }) => quoted(about === '' ? name : `${name.replaceAll(':', '\\:')}:${about}`),
  )
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
