// The rule for operations of which the document says nothing: a permission's name made of what there is.

import { permissionName } from './permission-names.ts'
import type { Operation } from './operations.ts'

export const defaultRule = '{resource}.{access}'

const parts: Readonly<Record<string, (operation: Operation) => string>> = {
  /** The first segment of the document's own path that names something. */
  resource: (operation) => namesIn(operation)[0] ?? 'root',
  /** The next one. */
  part: (operation) => namesIn(operation)[1] ?? namesIn(operation)[0] ?? 'root',
  access: ({ method }) => (['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'read' : 'write'),
  method: ({ method }) => method.toLowerCase(),
  tag: ({ tag }) => tag ?? 'untagged',
  operation: ({ operationId, method, template }) => operationId ?? `${method.toLowerCase()}${template}`,
}

/** `v1`, `v1beta2`, `2.0`, `2010-04-01`. */
const notNames = /^(?:v\d+(?:[._-]\d+)*(?:(?:alpha|beta|rc)\d*)?|\d+(?:[._-]\d+)*|api|rest)$/i

/** Segments that name something: no parameters, versions, dates, `api` or `rest`; of `{id}.json` nothing, of `calls.json` the name. */
function namesIn({ path, named = path, template }: Operation): string[] {
  const namesOf = (text: string) =>
    text
      .replace(/[?#].*$/s, '')
      .split('/')
      .map((part) => part.replace(/\.(?:json|xml|csv)$/i, '').replace(/^.*\{.*$/, ''))
      .filter((part) => part !== '' && !notNames.test(part))
  const own = namesOf(named)
  return own.length > 0 ? own : namesOf(template)
}

/** The placeholders of a rule. */
export const placeholders: readonly string[] = Object.keys(parts)

/** The placeholder of a rule that is none; undefined: all are known. */
export function unknownPlaceholder(rule: string): string | undefined {
  const used = [...rule.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  return used.find((name) => !Object.hasOwn(parts, name))
}

/** What a rule says of an operation, before it is made a name: different texts may have one name. */
export function textByRule(rule: string, operation: Operation): string {
  return rule.replace(/\{([^{}]*)\}/g, (_, name: string) => parts[name]?.(operation) ?? '')
}

/** `{resource}.{access}` → `refunds.read`. */
export function permissionByRule(rule: string, operation: Operation): string {
  return permissionName(textByRule(rule, operation))
}
