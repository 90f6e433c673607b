// The completion of bash, 3.2 (macOS) and newer: words of verbs, flags and their values; where any value will do, files.

import type { Flag, Verb } from './verbs.ts'

/** A script to be read by `source`, or put where bash-completion looks. */
export function bashScript(program: string, verbs: ReadonlyMap<string, Verb>): string {
  const all = [...verbs.values()]
  const below = all.flatMap((verb) => verb.below)
  const valued = all.flatMap(({ path, flags }) =>
    flags.filter(({ takesValue }) => takesValue).map((flag) => ({ path, flag })),
  )
  return `# bash completion for ${program}
_${program}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at=${program} i words flags
  # \`--flag=value\` comes as three words.
  if [[ $cur == '=' ]]; then cur=''
  elif [[ $prev == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
      ${below.map(quoted).join(' | ')}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  COMPREPLY=()
  case "$at $prev" in
${valued.map(({ path, flag }) => `    ${quoted(`${path} ${flag.name}`)}) ${valueReply(flag)}; return ;;`).join('\n')}
  esac
  case "$at" in
${all.map((verb) => `    ${quoted(verb.path)}) words=${quoted(wordsOf(verb, verbs))} flags=${quoted(flagsOf(verb))} ;;`).join('\n')}
  esac
  if [[ $cur == -* ]]; then words=$flags; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _${program} ${program}
`
}

/** Of a flag that takes any value bash completes files. */
function valueReply({ values }: Flag): string {
  return values.length === 0 ? ':' : `COMPREPLY=($(compgen -W ${quoted(values.join(' '))} -- "$cur"))`
}

function wordsOf(verb: Verb, verbs: ReadonlyMap<string, Verb>): string {
  return [...verb.below.map((path) => verbs.get(path)?.name ?? ''), ...verb.values].join(' ')
}

function flagsOf({ flags }: Verb): string {
  return flags.map(({ name }) => name).join(' ')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
