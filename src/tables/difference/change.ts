// One decision that differs, and lists of them.

import type { Route } from '../../config/compiled.ts'

export interface Side {
  /** undefined: the path has no route for the method, or the key is of no use there. */
  readonly route: Route | undefined
  /** Why there is no route; null: there is one. `answered`: a preflight that the gateway answers itself. */
  readonly refusal: string | null
}

export interface Change {
  readonly kind: 'opened' | 'closed'
  /** `OPTIONS (preflight)`: a CORS preflight without a key. */
  readonly method: string
  /** A path that it shows on. */
  readonly path: string
  readonly hosts: readonly string[]
  /** API of the keys. */
  readonly api: string
  /** Of the keys; null: it does not matter. */
  readonly environments: readonly string[] | null
  /** The smallest set of permissions that can (or could); null: without a key. */
  readonly permissions: readonly string[] | null
  readonly before: Side
  readonly after: Side
}

/** Each change once, newly opened first, then by API, route and permission. */
export function tidy(changes: readonly Change[]): Change[] {
  return withoutDisguises(merged(changes)).toSorted(
    (a, b) =>
      (a.kind === b.kind ? 0 : a.kind === 'opened' ? -1 : 1) ||
      order(a.api, b.api) ||
      order(templateOf(a), templateOf(b)) ||
      order(a.method, b.method) ||
      order((a.permissions ?? []).join(), (b.permissions ?? []).join()),
  )
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function templateOf({ kind, before, after, path }: Change): string {
  return (kind === 'opened' ? after : before).route?.template ?? path
}

/** One change shows on many paths: the shortest is enough. */
export function remember(found: Map<string, Change>, change: Change): void {
  const key = JSON.stringify([identity(change), change.environments])
  const known = found.get(key)
  if (known === undefined || change.path.length < known.path.length) found.set(key, change)
}

/** What makes a change another one, hosts and environments apart. */
function identity({ kind, method, api, permissions, before, after, path }: Change): string {
  const name = (side: Side) => side.route?.source ?? side.refusal
  const isNameless = before.route === undefined && after.route === undefined
  return JSON.stringify([kind, method, api, permissions, name(before), name(after), isNameless ? path : null])
}

/** The same change on several hosts, for keys of several environments, is one. */
function merged(changes: readonly Change[]): Change[] {
  const found = new Map<string, Change>()
  for (const change of changes) {
    const key = identity(change)
    const known = found.get(key)
    if (known === undefined) found.set(key, change)
    else {
      const environments = change.environments && [...(known.environments ?? []), ...change.environments]
      found.set(key, {
        ...known,
        hosts: [...new Set([...known.hosts, ...change.hosts])],
        environments: environments && [...new Set(environments)],
      })
    }
  }
  return [...found.values()]
}

/** That a literal’s disguises are (or are no longer) refused goes without saying where its own change is told. */
function withoutDisguises(changes: readonly Change[]): Change[] {
  const key = ({ kind, method, api, permissions, before, after }: Change) =>
    JSON.stringify([kind, method, api, permissions, (kind === 'opened' ? after : before).route?.source])
  const isDisguise = ({ before, after }: Change) =>
    [before, after].some(({ refusal }) => refusal === 'INVALID_PATH')
  const told = new Set(changes.filter((change) => !isDisguise(change)).map(key))
  return changes.filter((change) => !isDisguise(change) || !told.has(key(change)))
}
