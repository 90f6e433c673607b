// What a verb may touch of its surroundings: handed in, so that tests can look at it.
// All that is printed goes through one guard: whatever a verb forgot to escape, no character of a file, an argument or
// an answer steers the terminal, and no line of it is a command to the CI that runs it.

import { printableLines } from '../errors/printable.ts'

export interface CliIo {
  stdout(text: string): void
  stderr(text: string): void
  /** Lines that are meant as commands to a GitHub workflow; on stderr. */
  annotate(lines: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Brings into `env` what the files of secrets say by now; throws where one cannot be read, and leaves all as it was. */
  rereadSecrets(): void
  /** Whether stdout is a person's terminal. */
  readonly isTerminal: boolean
  /** Whether stderr is one: somebody watches. */
  readonly isWatched: boolean
}

/** Where the bytes go in the end. */
export interface CliStreams {
  stdout(text: string): void
  stderr(text: string): void
  readonly env: CliIo['env']
  readonly isTerminal: boolean
  readonly isWatched?: boolean
  readonly rereadSecrets?: CliIo['rereadSecrets']
}

/** Writes to the streams through the guard. */
export function createIo(streams: CliStreams): CliIo {
  const { stdout, stderr, env, isTerminal, isWatched = false, rereadSecrets = () => {} } = streams
  // Only a terminal gets the colours of our tables; in a pipe each escape is somebody else's.
  const hasColours = isTerminal && !env.NO_COLOR
  return {
    stdout: (text) => stdout(guarded(text, hasColours)),
    stderr: (text) => stderr(guarded(text, false)),
    annotate: (lines) => stderr(withoutOldCommands(printableLines(lines))),
    env,
    isTerminal,
    isWatched,
    rereadSecrets,
  }
}

/** The sequences that table.ts makes, and no others. */
const colour = new RegExp(`(${String.fromCharCode(0x1b)}\\[(?:1|2|22|31|32|33|39)m)`)

function guarded(text: string, hasColours: boolean): string {
  const safe = hasColours
    ? text
        .split(colour)
        .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
        .join('')
    : printableLines(text)
  // GitHub takes a line that begins with `::`, after blanks, for a command. The escape is one in JSON, too.
  return withoutOldCommands(safe).replace(/^([^\S\n]*):(?=:)/gm, '$1\\u003a')
}

/** Commands that stand anywhere in a line: GitHub's older form, Azure Pipelines', TeamCity's. */
function withoutOldCommands(text: string): string {
  return text.replace(/##(?=\[|vso\[|teamcity\[)/g, '#\\u0023')
}
