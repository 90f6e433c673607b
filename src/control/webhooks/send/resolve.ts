// The addresses of an endpoint's name. The name servers are asked, and not the system (getaddrinfo): names here are
// anybody's, and a slow one would hold one of the few threads that the gateway's own upstreams are looked up by. The hosts
// file and search domains of the machine count for nothing.

import { Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

/** All addresses of a host as it stands in a URL; empty: it has none. Never rejects. */
export type Resolve = (host: string) => Promise<readonly string[]>

/** `servers`: as Node takes them; those of the system unless said. */
export function createResolve({ servers }: { readonly servers?: readonly string[] } = {}): Resolve {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 })
  if (servers !== undefined) resolver.setServers(servers)
  return async (host) => {
    const name = host.replace(/^\[|\]$/g, '')
    if (isIP(name) !== 0) return [name]
    // RFC 6761 §6.3: never asked for.
    if (/^(?:.+\.)?localhost\.?$/i.test(name)) return ['127.0.0.1', '::1']
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }
}
