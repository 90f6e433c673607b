// That no connection can be opened for want of descriptors, which is our fault and not the upstream's.

/** This process may open no more connections. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom'
}

/** Whether it is this process, or this machine, that has no descriptors left. */
export function isOurs(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isOurs)
  return error instanceof Error && 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')
}
