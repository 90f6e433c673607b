// How much one import of keys may hold: who sends it cuts larger files at these, who takes it refuses what is over.

export const maxBodyBytes = 64 * 1024 * 1024
export const maxLines = 100_000
/** Without its end. */
export const maxLineBytes = 64 * 1024
