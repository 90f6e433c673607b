// What is different between an answer that came directly and one that came through the gateway, beyond what the
// contract says (README, "Headers").

import { createHash } from 'node:crypto'
import type { Answer } from './ask.ts'

/** Fields of one connection, or of one moment, or the gateway's own. */
const passing = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'proxy-connection',
  'trailer',
  'upgrade',
  'x-request-id',
  'date',
  // Of one moment too: when it was made, or how long it took.
  'expires',
  'age',
  'x-varnish',
  'x-runtime',
  'x-response-time',
  'x-envoy-upstream-service-time',
])

/** An answer in one line of text each: equal lines are equal answers. */
export function linesOf(answer: Answer): readonly string[] {
  const fault = answer.fault === undefined ? [] : [`fault: ${answer.fault}`]
  if (answer.status === 0) return fault
  const kept = answer.fields.flatMap(([name, value]) => {
    const text = steadyField(name.toLowerCase(), value)
    return text === undefined ? [] : [`${name}: ${text}`]
  })
  return [...fault, `${answer.status} ${answer.reason}`, ...kept, `body: ${digest(steadyBody(answer))}`]
}

/** What the gateway adds by contract is taken off again. */
function steadyField(name: string, value: string): string | undefined {
  if (passing.has(name)) return undefined
  if (name === 'vary') {
    const members = value.split(',').map((member) => member.trim())
    const rest = members.filter((member) => member.toLowerCase() !== 'x-api-key')
    return rest.length === 0 ? undefined : rest.join(', ')
  }
  if (name === 'cache-control' && value === 'private') return undefined
  return value.replace(boundary, 'boundary=…')
}

// Made anew for each answer.
const boundary = /boundary=("?)[\w'()+_,./:=?-]+\1/i

function steadyBody({ fields, body }: Answer): Buffer {
  const type = fields.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  const [, made] = /boundary="?([\w'()+_,./:=?-]+)"?/i.exec(type) ?? []
  return made === undefined ? body : Buffer.from(body.toString('latin1').replaceAll(made, '…'), 'latin1')
}

function digest(body: Buffer): string {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 12)
  return `${body.length} bytes ${hash}`
}

export interface Agreement {
  /** Answers that are as most of the whole direct ones are. */
  readonly through: number
  readonly direct: number
  readonly asked: number
  /** What most of the whole direct ones were, in short; empty: none came whole. */
  readonly usual: string
  /** How the first that was otherwise differs. */
  readonly first: readonly string[]
}

/** How many answers, of both ways, are as most of the direct ones that came whole from the server itself. */
export function agreement(direct: readonly Answer[], through: readonly Answer[]): Agreement {
  const directTexts = direct.map((answer) => linesOf(answer).join('\n'))
  const whole = directTexts.filter((_, i) => direct[i]?.fault === undefined)
  // Before a front some of them may be the front's own complaint.
  const proper = whole.filter((text) => !/^50[24] /.test(text))
  const usual = mostFrequent(proper.length > 0 ? proper : whole)
  const throughTexts = through.map((answer) => linesOf(answer).join('\n'))
  const odd = throughTexts.find((text) => text !== usual)
  return {
    through: throughTexts.filter((text) => text === usual).length,
    direct: directTexts.filter((text) => text === usual).length,
    asked: direct.length,
    usual: usual.split('\n')[0] ?? '',
    first: odd === undefined ? [] : difference(usual.split('\n'), odd.split('\n')),
  }
}

function mostFrequent(texts: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? ''
}

function difference(expected: readonly string[], found: readonly string[]): string[] {
  const missing = expected.filter((line) => !found.includes(line)).map((line) => `direct   ${line}`)
  const added = found.filter((line) => !expected.includes(line)).map((line) => `through  ${line}`)
  return missing.length + added.length === 0 ? ['the order of the fields'] : [...missing, ...added]
}
