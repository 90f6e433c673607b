// The text of a table, and of the permissions in one.

import type { Requirement } from '../../credentials/permission.ts'
import { printable } from '../../errors/printable.ts'
import type { ImportedRoute } from './required.ts'
import { permissionByRule } from './rule.ts'
import { requirementYaml, scalar } from './table-text.ts'

/** The text of a table that was not there before. `title`: the document's. */
export function newTable(routes: readonly ImportedRoute[], title: string): string {
  const names = namesOf(routes.map(({ requirement }) => requirement))
  const texts = textsOf(routes)
  const permissions = names.map((name) => `  ${scalar(name)}: ${texts(name)}\n`)
  const keys = routes.map(({ operation: { method, template } }) => `${method.padEnd(6)} ${template}:`)
  const width = Math.min(72, Math.max(0, ...keys.map((key) => key.length)))
  let group = ''
  const lines = routes.map(({ operation, requirement }, index) => {
    const resource = permissionByRule('{resource}', operation)
    const head = resource === group ? '' : `${group === '' ? '' : '\n'}  # ${resource}\n`
    group = resource
    return `${head}  ${(keys[index] ?? '').padEnd(width)} ${requirementYaml(requirement)}\n`
  })
  const about = `# Imported from ${printable(title.replace(/\s+/g, ' '))}. What is changed here stays at the next import.\n`
  return `${about}permissions:\n${permissions.join('')}\nroutes:\n${lines.join('')}`
}

/** Of all requirements, sorted and once each. */
export function namesOf(requirements: readonly Requirement[]): string[] {
  const names = requirements.flatMap((one) => (one.kind === 'public' ? [] : one.permissions))
  return [...new Set(names)].toSorted()
}

/** What people see of a permission: the document's text, else one made of the name. */
export function textsOf(routes: readonly ImportedRoute[]): (name: string) => string {
  const texts = new Map(routes.flatMap(({ operation }) => [...(operation.stated?.texts ?? [])]))
  return (name) => scalar(texts.get(name) ?? sentence(name))
}

/** `payment_links.read` → `Read payment links` */
function sentence(name: string): string {
  const [, subject = name, access = ''] = /^(.*)[.:](read|write)$/.exec(name) ?? []
  const verb = { read: 'Read', write: 'Change' }[access] ?? 'Use'
  return `${verb} ${subject.replace(/[_.:-]+/g, ' ').trim()}`
}
