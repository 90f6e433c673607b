// One question for many who ask it at the same time.

/**
 * Shares runs of `ask`: whoever calls gets the answer of a run that began after the call. At most one runs at a time,
 * and all who come meanwhile wait for the next one.
 */
export function createShared<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined

  function begin(): Promise<T> {
    const run = ask().finally(() => {
      if (running === run) running = undefined
    })
    running = run
    return run
  }

  function share(): Promise<T> {
    if (running === undefined) return begin()
    next ??= running
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        next = undefined
        return share()
      })
    return next
  }
  return share
}
