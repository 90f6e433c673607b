// `METHOD /path/{template}` → method and segments. A literal may hold only what the gateway's path judge lets
// through, else the route could never match.

import type { Pattern } from './pattern.ts'

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const
export type Method = (typeof methods)[number]

export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter' }
  /** One parameter, or two, with literals around them. */
  | Pattern
  /** Everything from here to the end of the path; last. */
  | { readonly kind: 'rest' }

export type TemplateResult =
  | { readonly ok: true; readonly segments: readonly Segment[] }
  | { readonly ok: false; readonly message: string }

/** A path template's segments, or what is wrong with it. `/` has one empty segment, `/a/` ends with one. */
export function parseTemplate(template: string): TemplateResult {
  if (!template.startsWith('/')) return refuse('a path template begins with `/`')
  const parts = template.slice(1).split('/')
  const names = new Set<string>()
  const segments: Segment[] = []
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    if (!part.includes('{')) {
      const problem = part === '' && isLast ? undefined : literalProblem(part)
      if (problem !== undefined) return refuse(problem)
      segments.push({ kind: 'literal', text: part })
      continue
    }
    const parsed = parseParameters(part)
    if (typeof parsed === 'string') return refuse(parsed)
    for (const name of parsed.names) {
      if (names.has(name)) return refuse(`the parameter \`{${name}}\` occurs twice in the path template`)
      names.add(name)
    }
    if (parsed.segment.kind === 'rest' && !isLast)
      return refuse(`\`${part}\` must be the last segment of the path template`)
    segments.push(parsed.segment)
  }
  return { ok: true, segments }
}

function refuse(message: string): TemplateResult {
  return { ok: false, message }
}

const parameterForm = /^\{([A-Za-z_][A-Za-z0-9_]*)(\.\.\.)?\}$/

interface Parameters {
  readonly names: readonly string[]
  readonly segment: Segment
}

/** A segment that holds a brace, or what is wrong with it. */
function parseParameters(part: string): Parameters | string {
  const [, whole, dots] = parameterForm.exec(part) ?? []
  if (whole !== undefined)
    return { names: [whole], segment: { kind: dots === undefined ? 'parameter' : 'rest' } }
  // Names at odd places, literals at even ones.
  const [before = '', first = '', between = '', second, after = '', ...more] = part.split(/\{([^{}]*)\}/)
  const literals = [before, between, after].join('')
  if (![first, second ?? first].every((name) => nameForm.test(name)) || /[{}]/.test(literals))
    return `\`${part}\` is not a parameter: write \`{name}\`, perhaps with literals around it, or a whole segment as \`{name...}\``
  if (more.length > 0) return `\`${part}\` has more than two parameters in one segment`
  if (second !== undefined && between === '') return `\`${part}\`: nothing parts the two parameters`
  if (!besideParameter.test(literals))
    return `\`${part}\`: a literal beside a parameter has letters, digits and \`${besideCharacters}\``
  const segment =
    second === undefined
      ? ({ kind: 'pattern', before, between: undefined, after: between } as const)
      : ({ kind: 'pattern', before, between, after } as const)
  return { names: second === undefined ? [first] : [first, second], segment }
}

const nameForm = /^[A-Za-z_][A-Za-z0-9_]*$/
/**
 * Without escapes: half of one could be taken for a literal, and letters that are no ASCII turn into others beside those of
 * a value (combining marks).
 */
const besideParameter = /^[A-Za-z0-9._~!$&'()*+,=:@-]*$/
const besideCharacters = "._~!$&'()*+,=:@-"

/** The common case, in which nothing else needs to be looked at. */
const plainLiteral = /^[A-Za-z0-9_-]+$/
/** RFC 3986 §3.3 pchar, without `;`. */
const literalCharacters = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})*$/
/** Escapes that two parsers could read differently: / \ % ; ? # and control bytes. */
const refusedEscapes = /%(?:2f|5c|25|3b|3f|23|[01][0-9a-f]|7f)/i

function literalProblem(part: string): string | undefined {
  if (plainLiteral.test(part)) return undefined
  if (part === '') return 'a path template has no empty segment (`//`)'
  if (part.includes('}')) return `\`${part}\` closes a parameter that does not begin`
  if (!literalCharacters.test(part)) return `\`${part}\` holds characters that a path cannot have here`
  if (refusedEscapes.test(part)) return `\`${part}\` holds an escape that the gateway refuses in every path`
  const decoded = decodeOrUndefined(part)
  if (decoded === undefined) return `\`${part}\` holds escapes that are not UTF-8`
  if (decoded === '.' || decoded === '..')
    return `\`${part}\`: the gateway refuses dot segments in every path`
  return undefined
}

function decodeOrUndefined(part: string): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}
