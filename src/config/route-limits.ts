// What a route says of times and sizes, and what its API says for those that do not.

import type { Route } from './compiled.ts'
import { parseDuration, parseSize } from './units.ts'

type RouteLimits = Pick<Route, 'timeoutMs' | 'maxBodyBytes' | 'maxResponseBytes' | 'responseIdleMs'>

/** What `none` says in a table, which null does not: a limit that nothing reaches, and that JSON can hold (table-aside.ts). */
const unlimited = Number.MAX_SAFE_INTEGER

interface Said {
  readonly timeout?: string | undefined
  readonly max_body?: string | number | undefined
  readonly response?:
    | { readonly max_body?: string | number | undefined; readonly idle_timeout?: string | undefined }
    | undefined
}

/** What a route or an API says itself; null: nothing. `none` is a value, which takes the place of the API's. */
export function limitsOf({ timeout, max_body: maxBody, response }: Said): RouteLimits {
  return {
    timeoutMs: durationOf(timeout),
    maxBodyBytes: sizeOf(maxBody),
    maxResponseBytes: sizeOf(response?.max_body),
    responseIdleMs: durationOf(response?.idle_timeout),
  }
}

/** A route with its API's limits where it says nothing; null: no limit, or the upstream's time. */
export function withDefaults<R extends RouteLimits>(route: R, defaults: RouteLimits): R {
  return {
    ...route,
    timeoutMs: limitOf(route.timeoutMs ?? defaults.timeoutMs),
    maxBodyBytes: limitOf(route.maxBodyBytes ?? defaults.maxBodyBytes),
    maxResponseBytes: limitOf(route.maxResponseBytes ?? defaults.maxResponseBytes),
    responseIdleMs: route.responseIdleMs ?? defaults.responseIdleMs,
  }
}

/** Whether it would be the same route with them. */
export function changesNothing(route: RouteLimits, defaults: RouteLimits): boolean {
  const filled = withDefaults(route, defaults)
  return limitNames.every((name) => filled[name] === route[name])
}

const limitNames = ['timeoutMs', 'maxBodyBytes', 'maxResponseBytes', 'responseIdleMs'] as const

function durationOf(text: string | undefined): number | null {
  if (text === undefined) return null
  return text === 'none' ? unlimited : parseDuration(text)
}

function sizeOf(size: string | number | undefined): number | null {
  if (size === undefined) return null
  return size === 'none' ? unlimited : parseSize(size)
}

/** null: none. */
export function limitOf(limit: number | null): number | null {
  return limit === unlimited ? null : limit
}
