// By which part of its path an operation is named, where all paths of a document begin with the same: some write the base path
// that belongs to their servers into each key.

interface Named {
  /** The key in `paths`. */
  readonly path: string
  /** The path that names it, where that is another one. */
  readonly named?: string
  readonly expansions?: readonly { readonly template: string; readonly named: string }[]
}

/** Names operations without what all paths have in common, where something stands behind it in each that tells them apart. */
export function createNaming<T extends Named>(paths: readonly string[]): (operation: T) => T {
  const base = commonBase(paths)
  if (base === '') return (operation) => operation
  const without = (path: string) => (path.startsWith(`${base}/`) ? path.slice(base.length) : path)
  return (operation) => {
    const { path, named = path, expansions } = operation
    const own = { ...operation, named: without(named) }
    if (expansions === undefined) return own
    return { ...own, expansions: expansions.map((one) => ({ ...one, named: without(one.named) })) }
  }
}

/** Whole segments without parameters; empty: none, or a path goes on with a parameter, or ends there, so that they name something. */
function commonBase(paths: readonly string[]): string {
  const [first = [], ...others] = paths.map((path) =>
    path
      .replace(/[?#].*$/s, '')
      .split('/')
      .slice(1),
  )
  if (others.length === 0) return ''
  let length = 0
  while (length < first.length && others.every((other) => other[length] === first[length])) length++
  const isBase = [first, ...others].every(
    (path) => path[length] !== undefined && /^[^{}]+$/.test(path[length] ?? ''),
  )
  const common = first.slice(0, length)
  return isBase && length > 0 && common.every((part) => !part.includes('{')) ? `/${common.join('/')}` : ''
}
