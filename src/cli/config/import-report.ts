// What an import of an OpenAPI document did, in words and as JSON.

import type { PermissionTable } from '../../config/table.ts'
import { printable } from '../../errors/printable.ts'
import type { ImportSummary } from '../../tables/openapi/import-table.ts'
import { finerRule, mostRoutesOfOne } from '../../tables/openapi/finer-rule.ts'
import type { Skipped } from '../../tables/openapi/operations.ts'
import type { ImportedRoute } from '../../tables/openapi/required.ts'
import { count } from './count.ts'

/** What an import did. */
export interface Outcome {
  readonly summary: ImportSummary
  /** Operations of one shape. */
  readonly joined: readonly string[]
  /** Routes for what two both match. */
  readonly between: readonly string[]
  readonly leftOut: readonly Skipped[]
  /** What the document asks for. */
  readonly described: readonly ImportedRoute[]
}

interface Reported {
  readonly outcome: Outcome
  /** As it is now. */
  readonly table: PermissionTable | undefined
}

/** The outcome as JSON has it. */
export function outcomeObject({ outcome, table }: Reported): object {
  const skipped = outcome.leftOut.map(({ name, why, path, method, template }) => ({
    name,
    why,
    path,
    method,
    template,
  }))
  const { summary, joined, between } = outcome
  const permissions = table?.permissions.size ?? 0
  return { ...summary, public: newlyPublic({ outcome, table }), permissions, joined, between, skipped }
}

function newlyPublic({ outcome: { summary }, table }: Reported): string[] {
  const touched = new Set([...summary.added, ...summary.changed].map((one) => one.split(': ')[0]))
  return (table?.routes ?? [])
    .filter(({ route }) => route.requirement.kind === 'public')
    .map(({ route }) => `${route.method} ${route.template}`)
    .filter((name) => touched.has(name))
}

/** The outcome in words. */
export function outcomeText({ outcome, table }: Reported): string {
  const { summary, joined, between, described } = outcome
  const publicRoutes = newlyPublic({ outcome, table })
  const isChanged = summary.added.length + summary.newPermissions.length > 0
  const permissions = table?.permissions.size ?? 0
  const broad = isChanged ? broadPermissions(table) : []
  const lines = [
    ...(isChanged ? [count(permissions, 'permission')] : []),
    ...joined.map((one) => `one route for ${one}: it asks for all of each`),
    ...between.map((one) => `added between two: ${one}`),
    ...outcome.leftOut.map(({ name, why }) => `left out: ${name}: ${why}`),
    ...(publicRoutes.length > 0 ? [`public, without a key: ${publicRoutes.length}`] : []),
    ...publicRoutes.map((name) => `public: ${name}`),
    ...broad.map(({ name, routes }) => `${name} opens ${routes} routes: ${finerRule(name, described)}`),
  ]
  return summaryText(summary) + lines.map((one) => `  ${printable(one)}\n`).join('')
}

function broadPermissions(table: PermissionTable | undefined): { name: string; routes: number }[] {
  const counted = new Map<string, number>()
  for (const { route } of table?.routes ?? [])
    if (route.requirement.kind !== 'public')
      for (const name of route.requirement.permissions) counted.set(name, (counted.get(name) ?? 0) + 1)
  return [...counted].flatMap(([name, routes]) => (routes > mostRoutesOfOne ? [{ name, routes }] : []))
}

function summaryText(summary: ImportSummary): string {
  const { added, changed, notLoosened, kept, onlyInTable, removed, newPermissions } = summary
  return [
    `${count(added.length, 'route')} added, ${changed.length} changed, ${kept} kept, ${removed.length} removed\n`,
    ...[
      ...changed.map((text) => `changed: ${text}`),
      ...notLoosened.map((text) => `kept, as the document asks for less (--loosen takes it over): ${text}`),
      ...removed.map((text) => `removed: ${text}`),
      ...onlyInTable.map((text) => `not in the document: ${text}`),
      ...newPermissions.map((text) => `new permission: ${text}`),
    ].map((text) => `  ${printable(text)}\n`),
  ].join('')
}
