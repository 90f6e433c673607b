// Routes of a line each, for the tests of the matcher.

import type { Route, RouteMatch } from '../../src/config/compiled.ts'
import { createRouteMatcher, type MatchableRoute } from '../../src/config/matcher.ts'
import { escapeNames, escapesOf } from '../../src/config/request/escapes.ts'
import { parseTemplate } from '../../src/config/template.ts'

export type TestRoute = MatchableRoute & { readonly method: string; readonly rule?: number }

/** Behind a route: `exact`, its `disguises`; `+hash+percent`, its `escapes`; `=p`, its permission. */
export function routeOf(line: string): TestRoute {
  const [method = '', template = '', ...settings] = line.split(' ')
  const escapes =
    settings
      .find((text) => text.startsWith('+'))
      ?.slice(1)
      .split('+') ?? []
  const permission = settings.find((text) => text.startsWith('='))?.slice(1)
  const parsed = parseTemplate(template)
  if (!parsed.ok) throw new Error(parsed.message)
  const route: Route = {
    method,
    template,
    requirement: permission === undefined ? { kind: 'public' } : { kind: 'all', permissions: [permission] },
    timeoutMs: null,
    maxBodyBytes: null,
    maxResponseBytes: null,
    responseIdleMs: null,
    rateLimits: [],
    upstream: null,
    disguises: settings.includes('exact') ? 'exact' : 'strict',
    escapes: escapesOf(escapeNames.filter((name) => escapes.includes(name))),
    source: line,
  }
  return { method, route, segments: parsed.segments }
}

export function matcherOf(...lines: string[]) {
  const match = createRouteMatcher(lines.map(routeOf))
  return (line: string): string => {
    const at = line.indexOf(' ')
    return show(match(line.slice(0, at), line.slice(at + 1)))
  }
}

export function show(match: RouteMatch): string {
  if (match.kind === 'found') return match.route.source
  return match.kind === 'wrong_method' ? match.allow.join(',') : match.kind
}
