// Exit codes of the command line (contract 2).

export const exitCodes = {
  done: 0,
  /** Refused or failed; the reason is on stderr. */
  failed: 1,
  /** Wrong usage, or input that cannot be read. */
  usage: 2,
} as const
