// Where a request comes from: over https or not, and whether from a page of ours.

import type { FastifyRequest } from 'fastify'
import { addressMatcher, plainAddress } from '../../config/request/addresses.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import type { ControlDeps, HubDeps } from '../dependencies.ts'

export interface Site {
  /** Whether a browser speaks https with us, or with the proxy in front. */
  isSecure(request: FastifyRequest): boolean
  /** Refuses a request that a page of another site makes; `isDemanded`: and one that no page makes. */
  judgeOrigin(request: FastifyRequest, isDemanded: boolean): Denial | undefined
}

type SiteDeps = Pick<ControlDeps, 'tls' | 'trustedProxies'> & { readonly hub: Pick<HubDeps, 'publicUrl'> }

export function createSite({ tls, trustedProxies, hub: { publicUrl } }: SiteDeps): Site {
  const isTrusted = addressMatcher(trustedProxies)

  function saysHttps({ socket, headers }: FastifyRequest): boolean {
    if (tls !== null) return true
    const { remoteAddress } = socket
    if (remoteAddress === undefined || trustedProxies.length === 0) return false
    // The nearest proxy says it last.
    const { 'x-forwarded-proto': said } = headers
    return isTrusted(plainAddress(remoteAddress)) && String(said).split(',').at(-1)?.trim() === 'https'
  }

  return {
    isSecure: (request) => publicUrl.startsWith('https:') || saysHttps(request),
    judgeOrigin(request, isDemanded) {
      const { origin, host, 'sec-fetch-site': site } = request.headers
      // Every browser sends it with what changes something.
      if (origin === undefined) {
        const isForeign = site !== undefined && site !== 'same-origin' && site !== 'none'
        return isDemanded || isForeign ? deny('CSRF_REJECTED', 'origin') : undefined
      }
      const own = `${saysHttps(request) ? 'https' : 'http'}://${host?.toLowerCase() ?? ''}`
      return origin === publicUrl || origin === own ? undefined : deny('CSRF_REJECTED', 'origin')
    },
  }
}

/** What changes nothing (RFC 9110 §9.2.1). */
export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}
