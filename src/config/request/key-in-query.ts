// A key in a URL ends up in logs and histories. Pure.

/** Whether a query value of the target, decoded once, begins with one of the prefixes (contract 5.4). */
export function carriesKeyInQuery(prefixes: readonly string[], target: string): boolean {
  const mark = target.indexOf('?')
  if (mark === -1) return false
  for (const pair of target.slice(mark + 1).split(/[&;]/)) {
    const value = decodedOnce(pair.slice(pair.indexOf('=') + 1))
    if (prefixes.some((prefix) => value.startsWith(prefix))) return true
  }
  return false
}

/** Percent-decoding that never fails: prefixes are ASCII, so bytes are enough. `+` is no part of a prefix. */
function decodedOnce(text: string): string {
  if (!text.includes('%')) return text
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
