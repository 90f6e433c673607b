// The rule for operations of which the document says nothing: a permission's name made of what there is.

import { permissionName } from './stated-requirement.ts'
import type { Operation } from './operations.ts'

export const defaultRule = '{resource}.{access}'

const parts: Readonly<Record<string, (operation: Operation) => string>> = {
  /** The first literal segment of the path that is no version. */
  resource: ({ template }) =>
    template
      .split('/')
      .find((part) => part !== '' && !part.startsWith('{') && !/^v\d+(?:\.\d+)*$/i.test(part)) ?? 'root',
  access: ({ method }) => (['GET', 'HEAD', 'OPTIONS'].includes(method) ? 'read' : 'write'),
  method: ({ method }) => method.toLowerCase(),
  tag: ({ tag }) => tag ?? 'untagged',
  operation: ({ operationId, method, template }) => operationId ?? `${method.toLowerCase()}${template}`,
}

/** The placeholders of a rule. */
export const placeholders: readonly string[] = Object.keys(parts)

/** The placeholder of a rule that is none; undefined: all are known. */
export function unknownPlaceholder(rule: string): string | undefined {
  const used = [...rule.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  return used.find((name) => !Object.hasOwn(parts, name))
}

/** `{resource}.{access}` → `refunds.read`. */
export function permissionByRule(rule: string, operation: Operation): string {
  return permissionName(rule.replace(/\{([^{}]*)\}/g, (_, name: string) => parts[name]?.(operation) ?? ''))
}
