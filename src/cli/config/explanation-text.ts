// An explanation for people: the verdict first, then what led to it, aligned.

import { entryOf } from '../../errors/catalogue.ts'
import { type Cell, renderFields } from '../table.ts'
import type { Explanation } from './explanation.ts'

const lineWidth = 90

/** One explanation, a field a line. */
export function explanationText(explanation: Explanation, isColoured: boolean): string {
  const { headers } = explanation
  return renderFields(
    [
      ['decision', verdict(explanation)],
      ...(explanation.code === null ? [] : ([['because', because(explanation)]] as const)),
      ['request', `${explanation.method} ${explanation.path ?? ''}`],
      ['host', explanation.host],
      ['api', orNone(explanation.api)],
      ['environment', orNone(explanation.environment)],
      ['upstream', orNone(explanation.upstream)],
      ...sentAs(explanation),
      ['route', orNone(explanation.route?.template)],
      ['source', orNone(explanation.route?.source)],
      ['required', ...required(explanation)],
      ['held', ...held(explanation)],
      ...limits(explanation),
      ...(headers.added.length === 0 ? [] : ([['added', ...wrapped(headers.added)]] as const)),
      ...(headers.removed.length === 0 ? [] : ([['removed', ...wrapped(headers.removed)]] as const)),
    ],
    isColoured,
  )
}

/** Where that is not what was asked for. */
function sentAs({ path, sent_path: sent }: Explanation): [string, Cell][] {
  return sent === null || sent === path ? [] : [['sent as', sent]]
}

function verdict({ code, status }: Explanation): Cell {
  if (code === null) return { text: 'allow', colour: 'green' }
  return { text: `deny  ${status} ${code}`, colour: 'red' }
}

function because({ code, reason, hint, allow }: Explanation): string {
  if (code === null) return ''
  const methods = allow === null ? '' : `; the path has ${allow.join(', ')}`
  return `${entryOf(code).message} (${reason})${hint === null ? '' : `: ${hint}`}${methods}`
}

function required({ code, required: names, match, held: has, upstream }: Explanation): Cell[] {
  if (names === null && code === null) {
    const who = upstream === null ? ', and is answered by the gateway' : ''
    return [`nothing: a preflight carries no key${who}`]
  }
  if (names === null) return [{ text: '-', colour: 'dim' }]
  if (match === 'none') return ['public: no key is asked for']
  const lines = names.map((name): Cell => {
    if (has === null) return name
    return has.includes(name)
      ? { text: `${name}  held`, colour: 'green' }
      : { text: `${name}  not held`, colour: match === 'any' ? 'yellow' : 'red' }
  })
  return match === 'any' && names.length > 1 ? ['any of', ...lines] : lines
}

function held({ held: names, key }: Explanation): Cell[] {
  const who = key === null ? [] : [key]
  if (names === null) return [...who, { text: 'no key', colour: 'dim' }]
  return [...who, ...(names.length === 0 ? ['nothing'] : wrapped(names))]
}

/** Nothing where none counts it. */
function limits({ limits: all }: Explanation): [string, ...Cell[]][] {
  if (all.length === 0) return []
  const lines = all.map(({ name, per, rate, burst, requests, shadow }) => {
    const most = rate === null ? `${requests} a month` : `${rate}, burst ${burst}`
    return `${name}: ${most}, per ${per}${shadow ? ' (shadow)' : ''}`
  })
  return [['limits', ...lines]]
}

function orNone(text: string | null | undefined): Cell {
  return text ?? { text: '-', colour: 'dim' }
}

/** Names in lines that fit beside their label. */
function wrapped(names: readonly string[]): string[] {
  const lines: string[] = []
  for (const name of names) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + name.length + 2 <= lineWidth)
      lines[lines.length - 1] = `${last}, ${name}`
    else lines.push(name)
  }
  return lines
}
