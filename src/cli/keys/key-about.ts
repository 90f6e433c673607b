// What is said of a key beside what decides: options of `keys create` and `keys update`.

import { type Command, InvalidArgumentError } from 'commander'

export interface AboutFlags {
  /** All pairs; false: `--no-metadata`. */
  readonly metadata?: Readonly<Record<string, string>> | false
  /** false: `--no-owner`. */
  readonly owner?: string | false
}

export function addAbout(verb: Command): Command {
  return verb
    .option('--metadata <pairs...>', 'all pairs of your own, name=text each (may be repeated)', addPair)
    .option('--owner <name>', 'who answers for the key')
}

/** The members of a body. */
export function aboutOf({ metadata, owner }: AboutFlags): Readonly<Record<string, unknown>> {
  return {
    ...(metadata !== undefined && { metadata: metadata === false ? {} : metadata }),
    ...(owner !== undefined && { owner: owner === false ? null : owner }),
  }
}

function addPair(text: string, before: unknown): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It is name=text.')
  const pairs: object = typeof before === 'object' && before !== null ? before : {}
  return { ...pairs, [text.slice(0, at)]: text.slice(at + 1) }
}
