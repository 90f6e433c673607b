// Scopes and names of a document as names that a table can have: each text its own, however much alike they come out.

import { createHash } from 'node:crypto'

const longest = 100

/** A text as a table can name it: `read write` → `read_write`. Different texts may have one name. */
export function permissionName(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9_.:-]+/g, '_')
    .replace(/^[^A-Za-z0-9_]+/, '_')
    .slice(0, longest)
  return name === 'public' ? 'public_' : name
}

/**
 * Names for all texts of a document, no two the same. What can be named as it is keeps its name; of others that would come
 * out alike, and of those of which no letter is left, each gets a part of its hash. URLs are named without what all have in common.
 */
export function permissionNames(texts: Iterable<string>): (text: string) => string {
  const all = [...new Set(texts)]
  const prefix = commonPrefix(all.filter(isUrl))
  const short = (text: string) => (isUrl(text) ? text.slice(prefix.length) || text : text)
  const byName = new Map<string, string[]>()
  for (const text of all) {
    const name = permissionName(short(text))
    byName.set(name, [...(byName.get(name) ?? []), text])
  }
  const names = new Map<string, string>()
  for (const [name, alike] of byName) {
    for (const text of alike) {
      const isAlone = alike.length === 1 && /[A-Za-z0-9]/.test(name)
      names.set(text, isAlone || text === name ? name : withHash(name, text))
    }
  }
  return (text) => names.get(text) ?? withHash(permissionName(short(text)), text)
}

function withHash(name: string, text: string): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return `${name.slice(0, longest - 1 - hash.length)}_${hash}`
}

function isUrl(text: string): boolean {
  return /^https?:\/\/[^/]+\/./.test(text)
}

/** Up to a slash; of one URL alone, its host. */
function commonPrefix(urls: readonly string[]): string {
  const [first = '', ...others] = urls
  let prefix = others.length === 0 ? (/^https?:\/\/[^/]+\//.exec(first)?.[0] ?? '') : first
  for (const other of others) {
    let length = 0
    while (length < prefix.length && prefix[length] === other[length]) length++
    prefix = prefix.slice(0, length)
  }
  return prefix.slice(0, prefix.lastIndexOf('/') + 1)
}
