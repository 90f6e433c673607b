// What a browser does in which somebody is signed in at the hub, without one.

import { cookieName, csrfOf, sessionCookie } from '../../src/control/people/session-secret.ts'
import type { Secret } from '../../src/credentials/secret.ts'

/** Keeps cookies by their paths, and follows nothing by itself. */
export interface Browser {
  fetch(url: string, init?: RequestInit): Promise<Response>
  /** As a page of the hub. */
  post(url: string, body: object): Promise<Response>
  /** Goes to an authorization URL; resolves with the id of what is to be granted. */
  begin(url: string): Promise<string>
  /** Says yes or no to it, and goes back; resolves with where the program is told. */
  decide(id: string, body: object): Promise<URL>
  readonly cookies: readonly string[]
}

/** `base`: where the hub is; `secret`: of the session. */
export function createBrowser(base: string, secret: Secret): Browser {
  const [pair = ''] = sessionCookie(secret, false, 60).split(';')
  const jar: Jar = new Map()
  keep(jar, `${cookieName(false)}=${pair.split('=')[1] ?? ''}; Path=/`)
  const browser: Browser = {
    async fetch(url, init = {}) {
      const { pathname } = new URL(url)
      const cookie = [...jar]
        .filter(
          ([, { path }]) => pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
        )
        .map(([, { name, value }]) => `${name}=${value}`)
        .join('; ')
      const response = await fetch(url, {
        redirect: 'manual',
        ...init,
        headers: { ...Object(init.headers), cookie },
      })
      for (const set of response.headers.getSetCookie()) keep(jar, set)
      return response
    },
    async begin(url) {
      const response = await browser.fetch(url)
      const location = response.headers.get('location') ?? ''
      if (!location.startsWith('/authorize/') && !location.startsWith(`${base}/authorize/`))
        throw new Error(`${response.status} ${location} ${await response.text()}`)
      return location.split('/').at(-1) ?? ''
    },
    post: (url, body) =>
      browser.fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': csrfOf(secret), origin: base },
        body: JSON.stringify(body),
      }),
    async decide(id, body) {
      const answer = await browser.post(`${base}/hub/v1/oauth/interactions/${id}`, body)
      const { redirect_to: goesOn }: { redirect_to?: string } = Object(await answer.json())
      if (goesOn === undefined) throw new Error(`decided: ${answer.status}`)
      const back = await browser.fetch(goesOn)
      const location = back.headers.get('location')
      if (location === null) throw new Error(`${back.status} ${await back.text()}`)
      return new URL(location)
    },
    get cookies() {
      return [...jar.values()].map(({ name }) => name)
    },
  }
  return browser
}

/** By name and path (RFC 6265 §5.3). */
type Jar = Map<string, { readonly name: string; readonly value: string; readonly path: string }>

function keep(jar: Jar, set: string): void {
  const [pair = '', ...rest] = set.split(/; */)
  const [name = '', value = ''] = pair.split('=')
  const path = rest.find((one) => one.toLowerCase().startsWith('path='))?.slice(5) ?? '/'
  const id = `${name} ${path}`
  if (value === '') jar.delete(id)
  else jar.set(id, { name, value, path })
}
