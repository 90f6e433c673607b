// The verbs as a table, read from what the command line is made of: nothing is listed twice.

import type { Command, Option } from 'commander'

export interface Flag {
  /** `--json`. */
  readonly name: string
  readonly about: string
  readonly takesValue: boolean
  /** The values that it takes; empty: any. */
  readonly values: readonly string[]
}

export interface Verb {
  /** `latchkey keys list`. */
  readonly path: string
  /** Its last word. */
  readonly name: string
  readonly about: string
  /** Paths of the verbs below. */
  readonly below: readonly string[]
  readonly flags: readonly Flag[]
  /** The values of its first argument; empty: any, such as a file. */
  readonly values: readonly string[]
}

/** Every verb, groups included, by its path. Descriptions are one line each. */
export function verbsOf(command: Command, above = ''): ReadonlyMap<string, Verb> {
  const path = above === '' ? command.name() : `${above} ${command.name()}`
  const own: Verb = {
    path,
    name: command.name(),
    about: oneLine(command.description()),
    below: command.commands.map((one) => `${path} ${one.name()}`),
    flags: [...command.options.map(flagOf), help],
    values: command.registeredArguments[0]?.argChoices ?? [],
  }
  return new Map([[path, own], ...command.commands.flatMap((one) => [...verbsOf(one, path)])])
}

const help: Flag = { name: '--help', about: 'what it does, with an example', takesValue: false, values: [] }

function flagOf(option: Option): Flag {
  return {
    name: option.long ?? option.short ?? '',
    about: oneLine(option.description),
    takesValue: option.required || option.optional,
    values: option.argChoices ?? [],
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}
