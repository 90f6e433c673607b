// Work that must not run beside itself, and must not miss what it was called for.

/**
 * Wraps `run`: a call during a run asks for one more after it, however many such calls there are; all of them wait for
 * the same end. `run` must not reject.
 */
export function oneAtATime(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let isWanted = false

  async function runWhileWanted(): Promise<void> {
    while (isWanted) {
      isWanted = false
      await run()
    }
  }

  return () => {
    isWanted = true
    running ??= runWhileWanted().finally(() => {
      running = undefined
    })
    return running
  }
}
