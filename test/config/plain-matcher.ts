// What the matcher has to say, worked out the slow way: every route by itself, then who beats whom. Contract 3.

import { isDeepStrictEqual } from 'node:util'
import type { MatchableRoute } from '../../src/config/matcher.ts'
import type { Pattern } from '../../src/config/pattern.ts'
import type { Segment } from '../../src/config/template.ts'
import type { TestRoute } from './matcher-routes.ts'

/** Escapes are one sign, which no literal is. */
const asSigns = (text: string) => text.replace(/%[0-9A-Fa-f]{2}/g, '\u{e000}')

function expression({ before, between, after }: Pattern, value: string, flags = ''): RegExp {
  const escaped = (text: string) => text.replace(/[^A-Za-z0-9]/g, '\\$&')
  const middle = between === undefined ? value : value + escaped(between) + value
  return new RegExp(`^${escaped(before)}${middle}${escaped(after)}$`, flags)
}

const isOf = (pattern: Pattern, part: string) => expression(pattern, '.+', 's').test(asSigns(part))

function matches(segments: readonly Segment[], parts: readonly string[]): boolean {
  const last = segments.at(-1)
  if (last?.kind === 'rest' ? parts.length < segments.length : parts.length !== segments.length) return false
  return segments.every((segment, index) => takes(segment, parts.slice(index)))
}

function takes(segment: Segment, [part = '', ...more]: readonly string[]): boolean {
  if (segment.kind === 'literal') return part === segment.text
  if (segment.kind === 'pattern') return isOf(segment, part)
  return segment.kind === 'parameter' ? part !== '' : [part, ...more].join('/') !== ''
}

function rank(segment: Segment | undefined): number {
  if (segment === undefined || segment.kind === 'rest') return 0
  if (segment.kind === 'parameter') return 1
  if (segment.kind === 'literal') return 1000
  return 1 + [segment.before, segment.between ?? '', segment.after].join('').length
}

const textOf = (segment: Segment | undefined) =>
  segment?.kind === 'pattern' ? [segment.before, segment.between, segment.after].join('{}') : ''

/** At least as specific everywhere, and more so somewhere. */
function beats(a: readonly Segment[], b: readonly Segment[]): boolean {
  const indexes = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => index)
  return (
    indexes.every(
      (i) => rank(a[i]) > rank(b[i]) || (rank(a[i]) === rank(b[i]) && textOf(a[i]) === textOf(b[i])),
    ) && indexes.some((i) => rank(a[i]) > rank(b[i]))
  )
}

/** What the matcher may say: one of the routes that none beats, which all say the same. */
export function plainMatch(routes: readonly TestRoute[], method: string, path: string): readonly string[] {
  const parts = path.slice(1).split('/')
  const candidates = routes.filter((route) => matches(route.segments, parts))
  const best = (wanted: string) => {
    const own = candidates.filter((route) => route.method === wanted)
    return own.filter((route) => !own.some((other) => beats(other.segments, route.segments)))
  }
  const chosen = method === 'HEAD' ? ofHead(best('HEAD'), best('GET')) : best(method)
  if (chosen.length === 0) {
    const allow = new Set(candidates.map((route) => route.method))
    if (allow.has('GET')) allow.add('HEAD')
    return [allow.size === 0 ? 'not_found' : [...allow].toSorted().join(',')]
  }
  if (new Set(chosen.map(({ rule }) => rule)).size > 1)
    throw new Error(
      `${method} ${path}: ${chosen.map(({ route }) => route.source).join()} say different things`,
    )
  const without = path.length > 1 && path.endsWith('/') ? parts.slice(0, -1) : undefined
  const bare = without && routes.filter(({ segments }) => matches(segments, without))
  const bareBest = (wanted: string) => {
    const own = (bare ?? []).filter((route) => route.method === wanted)
    return own.filter((route) => !own.some((other) => beats(other.segments, route.segments)))
  }
  const served = method === 'HEAD' ? ofHead(bareBest('HEAD'), bareBest('GET')) : bareBest(method)
  return chosen.flatMap((one) => {
    if (hides(one, routes, parts)) return ['hidden_literal']
    if (served.length === 0) return [one.route.source]
    return served.map((other) => (isBehindSlash(one, other) ? 'hidden_literal' : one.route.source))
  })
}

/** HEAD has a route of its own, or that of GET where it has none, or where GET's is for less than its own. */
function ofHead(own: readonly TestRoute[], get: readonly TestRoute[]): readonly TestRoute[] {
  if (own.length === 0 || get.length === 0) return [...own, ...get]
  return own.flatMap((one) => get.map((other) => (beats(other.segments, one.segments) ? other : one)))
}

/** What a server that takes no heed of a last slash would serve instead is asked for with other permissions. */
function isBehindSlash(one: TestRoute, other: TestRoute): boolean {
  if (one.route.disguises === 'exact' || one.segments.every(({ kind }) => kind === 'literal')) return false
  if (isDeepStrictEqual(one.route.requirement, other.route.requirement)) return false
  const shape = (segments: readonly Segment[]) =>
    segments
      .map((segment) => (segment.kind === 'literal' ? segment.text : segment.kind + textOf(segment)))
      .join('/')
  return shape(one.segments.slice(0, -1)) !== shape(other.segments)
}

function hides(chosen: MatchableRoute, routes: readonly MatchableRoute[], parts: readonly string[]): boolean {
  const { disguises } = chosen.route
  return parts.some((part, index) => {
    const own = chosen.segments[index] ?? { kind: 'rest' as const }
    if (own.kind === 'literal') return false
    if (own.kind === 'pattern' && part.includes('%') && fallsOut(own, part, disguises)) return true
    return routes.some(({ segments }) => {
      const segment = segments[index]
      if (segment === undefined) return false
      const isReached = segments.slice(0, index).every((earlier, at) => takes(earlier, [parts[at] ?? '']))
      if (!isReached) return false
      if (segment.kind === 'literal')
        return segment.text !== part && readings(part, disguises).has(fold(segment.text))
      if (segment.kind !== 'pattern' || isOf(segment, part)) return false
      if (own.kind === 'pattern' && textOf(own).toLowerCase() === textOf(segment).toLowerCase()) return false
      return [...readings(part, disguises), ...apart(part, disguises)].some((text) =>
        expression(segment, '.*', 'si').test(text),
      )
    })
  })
}

function fallsOut(own: Pattern, part: string, disguises: string): boolean {
  const forms = disguises === 'exact' ? [decodeURIComponent(part)] : [decodeURIComponent(part), fold(part)]
  return !forms.every((text) => expression(own, '.*', 'si').test(text))
}

const fold = (text: string) => decodeURIComponent(text).normalize('NFKC').toLowerCase()

/** What servers may read `part` as. The alphabet's exact disguises are those by ASCII letters and escapes. */
function readings(part: string, disguises: string): Set<string> {
  if (disguises === 'exact') return new Set([decodeURIComponent(part).toLowerCase()])
  return endings(fold(part))
}

function endings(text: string): Set<string> {
  const trimmed = text.replace(/[. ]+$/, '')
  const stem = /^(.+)\.[^.]*$/.exec(trimmed)?.[1]?.replace(/[. ]+$/, '')
  return new Set([text, trimmed, ...(stem ? [stem] : [])])
}

/** With marks apart from their letters. */
function apart(part: string, disguises: string): Set<string> {
  return disguises === 'exact' ? new Set() : endings(decodeURIComponent(part).normalize('NFKD').toLowerCase())
}
