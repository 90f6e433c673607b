// What an import would let others pass by, though it changes no requirement of a listed route: new routes within listed ones, and
// removed ones whose requests others take.

import type { Requirement } from '../../credentials/permission.ts'
import { allOfBoth, createIsBetween, isWithin } from './clashes.ts'
import type { ImportedRoute } from './required.ts'
import { requirementYaml } from './table-text.ts'
import { losersTo, type Placed, placed, type Standing, takersWithout } from './takers.ts'
import { isWeaker, letsOthersPass } from './weaker.ts'

/** A route of the table. */
export interface Listed extends Standing {
  readonly key: string
  /** What it asks for after the import. */
  readonly after: Requirement
  readonly isDocumented: boolean
  /** Not in force. */
  readonly isShadow: boolean
}

interface Unloosened<T> {
  readonly routes: readonly T[]
  /** `route: before → after`, of what was not done. */
  readonly notLoosened: readonly string[]
}

/**
 * New routes without those that ask for less than the listed route that has their requests now. One that asks for something else
 * asks for that route's permissions too: the listed one does not ask for what the document says.
 */
export function withoutLoosening(
  routes: readonly ImportedRoute[],
  listed: readonly Listed[],
  isPruning: boolean,
): Unloosened<ImportedRoute> {
  const before = placed(listed.filter(({ isShadow }) => !isShadow))
  const byName = new Map(listed.map((one) => [nameOf(one), one]))
  const notLoosened: string[] = []
  const kept = routes.flatMap((route) => {
    const { requirement, operation } = route
    const [own] = placed([{ ...operation, requirement }])
    if (own === undefined) return [route]
    const losers = losersTo(own, before)
    const strict = losers.filter((one) => letsOthersPass(one.requirement, requirement))
    const [loser] = strict
    if (loser === undefined) return [route]
    const known = byName.get(nameOf(loser))
    const isServed =
      losers.length === 1 &&
      isWithin(own.segments, loser.segments) &&
      isWeaker(requirement, loser.requirement) &&
      known !== undefined &&
      !letsOthersPass(requirement, known.after) &&
      (known.isDocumented || !isPruning)
    const raised = strict.reduce((all, one) => allOfBoth(all, one.requirement), requirement)
    const now = isServed ? loser.requirement : raised
    const change = `${requirementYaml(now)} → ${requirementYaml(requirement)}`
    notLoosened.push(`${nameOf(operation)}: ${change} (of ${strict.map(nameOf).join(', ')})`)
    return isServed ? [] : [{ ...route, requirement: raised }]
  })
  return { routes: kept, notLoosened }
}

interface Pruning {
  readonly listed: readonly Listed[]
  /** Those that come. */
  readonly added: readonly Standing[]
  readonly isLoosening: boolean
}

/** The listed routes that stay where those go which the document does not have. */
export function withoutPruned({ listed, added, isLoosening }: Pruning): Unloosened<Listed> {
  const stays = new Set(listed.filter(({ isDocumented }) => isDocumented))
  const notLoosened: string[] = []
  for (;;) {
    const isBetween = createIsBetween([...stays, ...added])
    const between = listed.filter((one) => !stays.has(one) && isBetween(one))
    for (const one of between) stays.add(one)
    if (between.length > 0) continue
    if (isLoosening) break
    const standing = [...stays].filter(({ isShadow }) => !isShadow)
    const after = placed([...standing.map((one) => ({ ...one, requirement: one.after })), ...added])
    const loosened = listed.flatMap((one) => {
      const [own] = stays.has(one) || one.isShadow ? [] : placed([one])
      const taker = own && takersWithout(own, after).find((other) => opens(one, other))
      return own === undefined || taker === undefined ? [] : [{ one, own, taker }]
    })
    if (loosened.length === 0) break
    for (const { one, own, taker } of loosened) {
      // Where a narrower one stays, this one may go.
      if (loosened.some((other) => isNarrower(other.own, own))) continue
      stays.add(one)
      const change = `${requirementYaml(one.requirement)} → ${requirementYaml(taker.requirement)}`
      notLoosened.push(`${nameOf(one)}: ${change} (of ${nameOf(taker)})`)
    }
  }
  return { routes: listed.filter((one) => stays.has(one)), notLoosened }
}

function opens(one: Standing, taker: Standing): boolean {
  return letsOthersPass(one.requirement, taker.requirement)
}

function isNarrower(one: Placed, other: Placed): boolean {
  return isWithin(one.segments, other.segments) && !isWithin(other.segments, one.segments)
}

function nameOf({ method, template }: { readonly method: string; readonly template: string }): string {
  return `${method} ${template}`
}
