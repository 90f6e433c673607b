// The completion of fish 3: as bash's, with what each word means beside it.

import type { Flag, Verb } from './verbs.ts'

/** A script for `~/.config/fish/completions/latchkey.fish`. */
export function fishScript(program: string, verbs: ReadonlyMap<string, Verb>): string {
  const all = [...verbs.values()]
  const below = all.flatMap((verb) => verb.below)
  return `# fish completion for ${program}
function __${program}_at
  set -l at ${program}
  for word in (commandline -opc)[2..-1]
    contains -- "$at $word" ${below.map(quoted).join(' ')}; and set at "$at $word"
  end
  test "$at" = "$argv[1]"
end
complete -c ${program} -e
${all.flatMap((verb) => linesOf(program, verb, verbs)).join('\n')}
`
}

function linesOf(program: string, verb: Verb, verbs: ReadonlyMap<string, Verb>): readonly string[] {
  const head = `complete -c ${program} -n ${quoted(`__${program}_at '${verb.path}'`)}`
  const names = verb.below.flatMap((path) => verbs.get(path) ?? [])
  return [
    ...names.map(({ name, about }) => `${head} -f -a ${name} -d ${quoted(about)}`),
    ...(verb.values.length > 0 ? [`${head} -f -a ${quoted(verb.values.join(' '))}`] : []),
    ...verb.flags.map((flag) => `${head} ${flagOf(flag)}`),
  ]
}

function flagOf({ name, about, takesValue, values }: Flag): string {
  const [, long] = /^--(.*)$/.exec(name) ?? []
  const word = long === undefined ? `-s ${name.slice(1)}` : `-l ${long}`
  const value = values.length > 0 ? ` -x -a ${quoted(values.join(' '))}` : takesValue ? ' -r' : ''
  return `${word}${value} -d ${quoted(about)}`
}

/** In fish a backslash counts within single quotes too. */
function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
