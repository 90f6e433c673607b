// Which hosts and which keys two tables treat alike, so that each kind is compared once.

import type { HostMatch, Table } from '../../config/compiled.ts'
import { hostValueOf } from '../../config/hosts.ts'

export interface HostGroup {
  readonly hosts: readonly string[]
  readonly before: HostMatch | undefined
  readonly after: HostMatch | undefined
}

/** Hosts that both tables serve alike, together: each needs to be compared once. */
export function hostGroups(before: Table, after: Table): HostGroup[] {
  const all = [...before.apis.values(), ...after.apis.values()]
  const listed = new Set(all.flatMap((api) => api.environments.flatMap(({ hosts }) => hosts)))
  const groups = new Map<string, { hosts: string[] } & HostGroup>()
  for (const host of listed) {
    const sides = [before, after].map((table) => table.matchHost(hostValueOf(host)))
    const key = JSON.stringify(
      sides.map((side) => side && [side.api.name, side.environments.map(({ name }) => name)]),
    )
    const group = groups.get(key)
    if (group) group.hosts.push(host)
    else groups.set(key, { hosts: [host], before: sides[0], after: sides[1] })
  }
  return [...groups.values()]
}

/** Keys that both tables admit alike on a host. */
export interface Lane {
  readonly api: string
  readonly environments: readonly string[]
}

/** The kinds of keys that the host admits, under either table. */
export function lanesOf({ before, after }: HostGroup): Lane[] {
  const names = new Set([before?.api.name, after?.api.name].filter((name) => name !== undefined))
  const lanes: Lane[] = []
  for (const api of names) {
    const admitted = (match: HostMatch | undefined) =>
      match?.api.name === api ? match.environments.map(({ name }) => name) : []
    const [old, now] = [admitted(before), admitted(after)]
    for (const [isAdmittedBefore, isAdmittedAfter] of [
      [true, true],
      [true, false],
      [false, true],
    ] as const) {
      const environments = [...new Set([...old, ...now])].filter(
        (name) => old.includes(name) === isAdmittedBefore && now.includes(name) === isAdmittedAfter,
      )
      if (environments.length > 0) lanes.push({ api, environments })
    }
  }
  return lanes
}
