// Whether a last slash makes another path. Where an API says that it does not, its templates lose theirs when they are read,
// and a path is looked for without it: every check between routes, every disguise and every tool then sees one path, and
// what goes to the upstream is the path as it came.

export const trailingSlashes = ['strict', 'same'] as const
export type TrailingSlash = (typeof trailingSlashes)[number]

/** A path or a template without a slash at its end; `/` stays. There is one at most: `//` is refused in every path. */
export function withoutLastSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
