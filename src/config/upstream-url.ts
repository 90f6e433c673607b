// The URL of an upstream: an origin, and perhaps a base path that is put before every path. Pure.

import { denyPath } from './request/path-fault.ts'
import { faultInPath } from './request/path.ts'

const form = /^https?:\/\/[^/?#\\@\s]+(\/[^?#\s]*)?$/i

/** The path that stands in it, byte for byte; empty: none. undefined: it is no such URL. */
export function pathInUrl(url: string): string | undefined {
  const [whole, path = ''] = form.exec(url) ?? []
  return whole === undefined || !URL.canParse(url) ? undefined : path
}

/**
 * Why a path cannot stand in a configuration; undefined: nothing speaks against it. It must be one that a request could have: all
 * that is sent is what no two readers take for different things.
 */
export function whyNoPath(path: string): string | undefined {
  if (!path.startsWith('/')) return 'it does not begin with a slash'
  const fault = faultInPath(path, 0)
  return fault === undefined ? undefined : denyPath(fault).hint
}
