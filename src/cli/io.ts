// What a verb may touch of its surroundings: handed in, so that tests can look at it.

export interface CliIo {
  stdout(text: string): void
  stderr(text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
  /** Whether stdout is a person's terminal. */
  readonly isTerminal: boolean
}
