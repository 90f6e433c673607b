// The emergency stop's entries: what can be denied, and the file that lists it. Read on its own, so that a stop waits
// for nothing else, and nothing else for it.

import { isIP } from 'node:net'
import { canonicalPrefix } from '../credentials/secret.ts'
import { canonicalBlock, isAddressOrBlock } from './address.ts'
import { DenyFile, denyEntryRules } from './deny-schema.ts'
import type { Environment } from './expand.ts'
import { createReport, type Fault, type Report, sortFaults } from './fault.ts'
import { fit } from './fit.ts'
import { type KeptFiles, readKept, type Source } from './source.ts'
import { type Node, parseTree, placeOfValue } from './tree.ts'

/** What can be denied, each with the list of the file that names it. */
export const denyLists = {
  key: 'keys',
  merchant: 'merchants',
  prefix: 'prefixes',
  permission: 'permissions',
  client: 'clients',
} as const satisfies Record<string, keyof DenyFile>
export type DenyKind = keyof typeof denyLists

export const denyKinds = ['key', 'merchant', 'prefix', 'permission', 'client'] as const satisfies DenyKind[]

/** Canonical values by kind. */
export type DenyEntries = Readonly<Record<DenyKind, ReadonlySet<string>>>

export const nothingDenied: DenyEntries = {
  key: new Set(),
  merchant: new Set(),
  prefix: new Set(),
  permission: new Set(),
  client: new Set(),
}

export type DenyValue =
  | { readonly ok: true; readonly value: string }
  /** Goes on after the value's name; repeats nothing of it. */
  | { readonly ok: false; readonly message: string }

/** The widest blocks of clients: a wider one is more likely a slip than a wish. */
const fewestBits = { 4: 8, 6: 16 }

/** Judges one value and gives it its one spelling, by which it is found again to be taken back. */
export function readDenyValue(kind: DenyKind, text: string): DenyValue {
  const { pattern, expects } = denyEntryRules[denyLists[kind]]
  if (!new RegExp(pattern).test(text)) return { ok: false, message: `must be ${expects}` }
  if (kind === 'prefix') return { ok: true, value: canonicalPrefix(text) }
  if (kind !== 'client') return { ok: true, value: text }
  if (!isAddressOrBlock(text)) return { ok: false, message: `must be ${expects}` }
  const value = canonicalBlock(text)
  const message = whyTooWide(value)
  return message === undefined ? { ok: true, value } : { ok: false, message }
}

function whyTooWide(block: string): string | undefined {
  const [address = '', bits] = block.split('/')
  const version = isIP(address) === 6 ? 6 : 4
  if (address.startsWith('::ffff:')) return 'must be written as an IPv4 address'
  if (bits === undefined) return undefined
  if (Number(bits) < fewestBits[version]) {
    return `must not be wider than /${fewestBits[4]} (IPv4) or /${fewestBits[6]} (IPv6)`
  }
  // ::ffff:0:0/96 is IPv4 as IPv6 writes it.
  const holdsIpv4 = address.startsWith('::') && Number(bits) < 96
  return holdsIpv4 ? 'must not hold all IPv4 addresses' : undefined
}

export type DenyResult =
  | {
      readonly ok: true
      readonly entries: DenyEntries
      readonly warnings: readonly Fault[]
      /** The file as it was read; null: there is none. */
      readonly source: Source | null
    }
  | { readonly ok: false; readonly faults: readonly Fault[] }

/** More in one list is a table of a database, not an emergency; each request is compared with the clients. */
const mostEntries = 10_000

/**
 * Reads a deny file. `known` tells the permissions that there are: another one is a warning, as the file must not
 * become faulty by a change of another. Never throws for what the file holds.
 */
export async function loadDeny(
  file: string,
  env: Environment,
  known: (permission: string) => boolean,
  kept?: KeptFiles,
): Promise<DenyResult> {
  const report = createReport()
  const read = await readKept(file, kept)
  if (!read.ok) {
    report.fault({ file, line: 1, column: 1 }, `the deny file ${read.message}`)
    return { ok: false, faults: report.faults }
  }
  const tree = parseTree(read.source, env, report)
  const entries = tree && entriesOf(tree, report, known)
  if (entries === undefined || report.faults.length > 0) {
    return { ok: false, faults: sortFaults(report.faults, [file]) }
  }
  return { ok: true, entries, warnings: report.warnings, source: read.source }
}

function entriesOf(tree: Node, report: Report, known: (permission: string) => boolean): DenyEntries {
  const fitted = fit(DenyFile, tree, report)
  const entries = denyKinds.map((kind) => {
    const list = fitted?.[denyLists[kind]] ?? []
    if (list.length > mostEntries) {
      report.fault(placeOfValue(tree, [denyLists[kind]]), `more than ${mostEntries} entries`)
    }
    const values = new Set<string>()
    for (const [index, text] of list.slice(0, mostEntries).entries()) {
      if (text === undefined) continue
      const place = placeOfValue(tree, [denyLists[kind], index])
      const read = readDenyValue(kind, text)
      if (!read.ok) report.fault(place, `an entry of \`${denyLists[kind]}\` ${read.message}`)
      else values.add(read.value)
      if (kind === 'permission' && !known(text)) report.warn(place, `no API has the permission \`${text}\``)
    }
    return [kind, values] as const
  })
  return { ...nothingDenied, ...Object.fromEntries(entries) }
}

/** How many entries there are of each kind, by the names of the lists. */
export function countDenied(entries: DenyEntries): Readonly<Record<string, number>> {
  return Object.fromEntries(denyKinds.map((kind) => [denyLists[kind], entries[kind].size]))
}
