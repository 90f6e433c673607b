// Addresses of the application. All state that is worth a link stands in them; the way back to the root comes from the
// page's `<base>`, so that a path prefix in front needs no setting.

import { type AnchorHTMLAttributes, type ReactNode, useCallback, useSyncExternalStore } from 'react'

/** With a slash at both ends. */
export const basePath: string = new URL('.', document.baseURI).pathname

const listeners = new Set<() => void>()
let mayLeave: (() => boolean) | null = null

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** A step back that the reader takes back is undone by one forward, which nobody is asked about. */
let isUndoing = false
window.addEventListener('popstate', () => {
  if (isUndoing) {
    isUndoing = false
    return
  }
  if (mayLeave !== null && !mayLeave()) {
    isUndoing = true
    history.forward()
    return
  }
  mayLeave = null
  for (const listener of [...listeners]) listener()
})

const here = (): string => location.pathname + location.search

/** `/developers/keys/key_1?env=live`, without the prefix. */
function within(address: string): string {
  return address.startsWith(basePath) ? `/${address.slice(basePath.length)}` : address
}

/** What stands in the way of leaving, if anything; it asks the reader. Gives how to take it back. */
export function guardLeaving(ask: () => boolean): () => void {
  mayLeave = ask
  return () => {
    if (mayLeave === ask) mayLeave = null
  }
}

export function navigate(to: string, { replace = false } = {}): void {
  if (mayLeave !== null && !mayLeave()) return
  mayLeave = null
  const address = basePath + to.replace(/^\//, '')
  if (replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  for (const listener of [...listeners]) listener()
}

export function usePath(): string {
  const address = within(useSyncExternalStore(subscribe, here))
  return address.split('?')[0] ?? '/'
}

type Changes = Readonly<Record<string, string | null>>

/** The query of the address, and a way to change parts of it without a step in the history. */
export function useQueryState(): readonly [URLSearchParams, (changes: Changes) => void] {
  const address = useSyncExternalStore(subscribe, here)
  const query = new URLSearchParams(address.split('?')[1] ?? '')
  const change = useCallback((changes: Changes) => {
    const next = new URLSearchParams(location.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === '') next.delete(name)
      else next.set(name, value)
    }
    const text = next.toString()
    navigate(within(location.pathname) + (text && `?${text}`), { replace: true })
  }, [])
  return [query, change]
}

/** What goes along from page to page: which environment and which merchant the reader looks at. */
const kept = ['env', 'merchant']

export function withKept(to: string, search: string = location.search): string {
  const [path = '/', own = ''] = to.split('?')
  const query = new URLSearchParams(own)
  const now = new URLSearchParams(search)
  for (const name of kept) {
    const value = now.get(name)
    if (value !== null && !query.has(name)) query.set(name, value)
  }
  const text = query.toString()
  return path + (text && `?${text}`)
}

interface LinkProps extends AnchorHTMLAttributes<HTMLAnchorElement> {
  readonly to: string
  readonly children: ReactNode
}

export function Link({ to, children, onClick, ...rest }: LinkProps) {
  const address = withKept(
    to,
    useSyncExternalStore(subscribe, () => location.search),
  )
  return (
    <a
      {...rest}
      href={basePath + address.replace(/^\//, '')}
      onClick={(event) => {
        onClick?.(event)
        if (event.defaultPrevented || event.button !== 0) return
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        navigate(address)
      }}
    >
      {children}
    </a>
  )
}

/** What a pattern such as `/developers/keys/:id` has of a path; null: it is another page's. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split('/')
  const parts = path.split('/')
  if (wanted.length !== parts.length) return null
  const found: Record<string, string> = {}
  for (const [index, one] of wanted.entries()) {
    const part = parts[index] ?? ''
    if (one.startsWith(':') && part !== '') found[one.slice(1)] = decoded(part)
    else if (one !== part) return null
  }
  return found
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
