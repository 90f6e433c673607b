// What is wrong between the routes of one table.

import { formatPlace, type Place, type Report } from './fault.ts'
import { intersectionTemplates, shapeOfSegments } from './intersection.ts'
import { findWeakerPosts } from './method-override.ts'
import { findOverlaps } from './overlaps.ts'
import type { MatchableRoute } from './matcher.ts'
import type { TrailingSlash } from './trailing-slash.ts'
import { findUnreachable } from './unreachable.ts'

export interface TableRoute extends MatchableRoute {
  readonly method: string
  /** As the file has it, runs of spaces included. */
  readonly key: string
  readonly place: Place
  /** Part of the candidate table only. */
  readonly isShadow: boolean
  /** The same of routes that say the same (same-rule.ts). */
  readonly rule: number
}

/** Reports what is wrong between routes: those that clash, and those that others leave nothing to; and what looks wrong. */
export function compareRoutes(
  routes: readonly TableRoute[],
  report: Report,
  trailingSlash: TrailingSlash,
): void {
  const overlaps = findOverlaps(routes, (later, earlier) => warnOfTwin(later, earlier, report))
  for (const [later, earlier] of overlaps) {
    report.fault(
      later.place,
      `\`${later.method} ${later.route.template}\` overlaps with \`${earlier.method} ${earlier.route.template}\` ` +
        `(${formatPlace(earlier.place)}): both match some requests, and neither is more specific${settling(later, earlier)}`,
    )
  }
  warnOfWeakerPosts(routes, report)
  // Of routes that clash it cannot be said which one takes what.
  for (const { route, others } of overlaps.length === 0 ? findUnreachable(routes, trailingSlash) : []) {
    const places = others.map(
      (other) => `\`${other.method} ${other.route.template}\` (${formatPlace(other.place)})`,
    )
    report.fault(
      route.place,
      `\`${route.method} ${route.route.template}\` can never match: ${places.join(' and ')} match all its requests, and are more specific`,
    )
  }
}

/** How the two could stand beside each other. */
function settling(later: TableRoute, earlier: TableRoute): string {
  const [one, other] = [later, earlier].map(({ route, segments }) => ({ template: route.template, segments }))
  const isTwin = shapeOfSegments(later.segments) === shapeOfSegments(earlier.segments)
  const common = isTwin || !one || !other ? undefined : intersectionTemplates(one, other)
  const same = 'let both say the same'
  if (common === undefined) return `; ${same}`
  return `; add ${common.map((template) => `\`${later.method} ${template}\``).join(' and ')}, or ${same}`
}

/** Routes that match the same requests, and say the same: people may come to change one of them alone. */
function warnOfTwin(later: TableRoute, earlier: TableRoute, report: Report): void {
  if (later.rule !== earlier.rule || later.isShadow !== earlier.isShadow) return
  report.warn(
    later.place,
    `\`${later.method} ${later.route.template}\` matches the requests of \`${earlier.method} ${earlier.route.template}\` (${formatPlace(earlier.place)}), and says the same: one is enough`,
  )
}

function warnOfWeakerPosts(routes: readonly TableRoute[], report: Report): void {
  for (const { post, others } of findWeakerPosts(routes.filter(({ isShadow }) => !isShadow))) {
    const named = others.map(
      (other) => `\`${other.method} ${other.route.template}\` (${formatPlace(other.place)})`,
    )
    report.warn(
      post.place,
      `\`POST ${post.route.template}\` asks for less than ${named.join(', ')}: an upstream that takes \`_method\` from query or body would serve it as that`,
    )
  }
}
