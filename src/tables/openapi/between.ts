// Listed routes for what two others both match: they ask for what those ask for, also when those change.

import type { Requirement } from '../../credentials/permission.ts'
import { allOfBoth, createFamilyOf } from './clashes.ts'
import type { Standing } from './takers.ts'
import type { Listed } from './unloosened.ts'
import { isSame, isWeaker, letsOthersPass } from './weaker.ts'

interface Tightening {
  readonly listed: readonly Listed[]
  readonly added: readonly Standing[]
  readonly isLoosening: boolean
}

/** The listed routes, those between two others so that nobody passes whom one of the two refuses. */
export function withTightened({ listed, added, isLoosening }: Tightening): Listed[] {
  const after = new Map<Standing, Requirement>()
  for (const one of listed) after.set(one, one.after)
  const familyOf = createFamilyOf([...listed.filter(({ isShadow }) => !isShadow), ...added])
  const families = listed
    .filter(({ isDocumented, isShadow }) => !isDocumented && !isShadow)
    .map((one) => ({ one, ...familyOf(one) }))
    .filter(({ parents }) => parents.length > 0)
    // One may be a parent of another, which then matches less.
    .toSorted((a, b) => a.wider.length - b.wider.length)
  const afterOf = (one: Standing) => after.get(one) ?? one.requirement
  for (const { one, parents, wider } of families) {
    // What an import made of others is made anew; what people made of it is kept, and more is asked for.
    const source = [wider, parents].find((all) => isSame(allOf(all.map(old)), one.requirement))
    const made = source && allOf(source.map(afterOf))
    const isLess = made !== undefined && !isLoosening && isWeaker(made, one.requirement)
    const before = made === undefined || isLess ? one.requirement : made
    const strict = parents.map(afterOf).filter((parent) => letsOthersPass(parent, before))
    const now = strict.reduce(allOfBoth, before)
    after.set(one, isSame(now, one.requirement) ? one.requirement : now)
  }
  return listed.map((one) => ({ ...one, after: afterOf(one) }))
}

/** Of two that a route stands between, the first that refuses somebody whom the route lets pass. */
export function stricterParent<R extends Standing>(parents: readonly R[], route: Standing): R | undefined {
  return parents.find((parent) => letsOthersPass(parent.requirement, route.requirement))
}

function old({ requirement }: Standing): Requirement {
  return requirement
}

function allOf(requirements: readonly Requirement[]): Requirement {
  return requirements.reduce(allOfBoth, { kind: 'public' })
}
