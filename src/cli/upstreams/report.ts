// What was found, for people: a few lines for each upstream, and what to write into the gateway file. Nothing of what
// was sent or received is repeated but figures.

import { printable } from '../../errors/printable.ts'
import { type Cell, renderFields } from '../table.ts'
import { type BodyCase, bodyOutcomes } from './examine-bodies.ts'
import { mostAtOnce, type Persistence, type Stalls } from './examine-connections.ts'
import type { Largest } from './examine-sizes.ts'
import type { Findings, Probed, Reached } from './probe-upstream.ts'
import { propose } from './propose.ts'

export interface NamedProbe {
  readonly name: string
  readonly origin: string
  readonly probed: Probed
}

export function reportText(probes: readonly NamedProbe[], isColoured: boolean): string {
  const sections = probes.map(
    (probe) => `${printable(probe.name)}  ${printable(probe.origin)}\n${sectionOf(probe.probed, isColoured)}`,
  )
  return `${sections.join('\n')}${proposalText(probes)}`
}

function sectionOf(probed: Probed, isColoured: boolean): string {
  if (!probed.ok) {
    const { reason, explanation } = probed.failure
    return renderFields(
      [['  reachable', { text: `no: ${explanation} (${reason})`, colour: 'red' }]],
      isColoured,
    )
  }
  const { findings } = probed
  const { reached, bodies, bodySizes, headSizes, expectation } = findings
  return renderFields(
    [
      ['  reachable', `yes: answered ${reached.status} in ${reached.answerMs} ms`],
      ['  protocol', protocolText(reached)],
      ['  connections', keptText(findings.persistence), atOnceText(findings.connectionsAtOnce)],
      ...(findings.stalls === null ? [] : [['  kept ones', stallText(findings.stalls)] as const]),
      ['  bodies', ...bodyCells(bodies)],
      ...(bodySizes === null ? [] : [['  largest body', largestText(bodySizes)] as const]),
      ...(headSizes === null ? [] : [['  largest head', largestText(headSizes)] as const]),
      ...(expectation === null ? [] : [['  Expect', expectationTexts[expectation]] as const]),
    ],
    isColoured,
  )
}

const expectationTexts = {
  continues: 'says 100 Continue',
  answers: 'answers before the body has come',
  waits: 'waits for the body without a word',
} as const

function protocolText({ http, tls }: Reached): string {
  const secured = tls === null ? 'plain' : `${tls.version}, ALPN ${tls.alpn ?? 'none'}`
  return `HTTP/${http}, ${secured}${tls?.offersH2 === true ? '; offers HTTP/2 too' : ''}`
}

function keptText(persistence: Persistence | null): string {
  if (persistence === null) return 'did not answer again'
  const { says, saidSeconds, keptMs } = persistence
  if (says === 'close') return 'closes after each answer, and says so'
  const said = saidSeconds === null ? 'does not say how long' : `says ${saidSeconds} s`
  const kept = keptMs === null ? 'still open when the patience ended' : `closed after ${keptMs} ms`
  return `kept: ${kept}; ${said}`
}

function atOnceText(count: number | null): string {
  return count === null
    ? `${mostAtOnce} at once are served`
    : `${count} at once are served, the next one waits`
}

function stallText({ freshMs, keptMs, isStalling }: Stalls): Cell {
  const text = `${keptMs} ms a request; ${freshMs} ms on a fresh one`
  return isStalling ? { text: `${text}: stalls`, colour: 'yellow' } : text
}

function bodyCells(bodies: readonly BodyCase[]): Cell[] {
  if (bodies.length === 0) return ['not sent']
  const cells: Cell[] = []
  for (const [outcome, meaning] of Object.entries(bodyOutcomes)) {
    const these = bodies.filter((one) => one.outcome === outcome)
    if (these.length === 0) continue
    const text = `${meaning}: ${these.length} of ${bodies.length} ways to send one`
    if (outcome === 'read' || outcome === 'closes') cells.push(text)
    else cells.push({ text, colour: 'red' }, ...these.map((one) => `  ${caseText(one)}`))
  }
  return cells
}

function caseText({ method, framing, isLate, isClosing }: BodyCase): string {
  const how = [framing, ...(isLate ? ['after its head'] : []), ...(isClosing ? ['asked to close'] : [])]
  return `${method}, ${how.join(', ')}`
}

function largestText({ takenBytes, refused }: Largest): string {
  const taken = takenBytes === 0 ? 'none' : `${sizeText(takenBytes)} taken`
  return refused === null ? taken : `${taken}; ${sizeText(refused.bytes)}: ${refused.by}`
}

function sizeText(bytes: number): string {
  const kib = bytes / 1024
  return kib < 1024 ? `${Math.round(kib)} KiB` : `${Math.round((kib / 1024) * 10) / 10} MiB`
}

function proposalText(probes: readonly NamedProbe[]): string {
  // Of an upstream with several targets, what the first one is like that could be reached.
  const told = new Set<string>()
  const lines = probes.flatMap(({ name, probed }) => {
    if (!probed.ok || told.has(name)) return []
    told.add(name)
    return linesFor(name, probed.findings)
  })
  if (lines.length === 0) return ''
  return `\nProposed for the gateway file, beside what is there:\n\nupstreams:\n${lines.join('')}`
}

function linesFor(name: string, findings: Findings): string[] {
  const { reuse, why, connections, queue, notes } = propose(findings)
  return [
    `  ${yamlKey(name)}:\n`,
    `    reuse: ${reuse}  # ${why}\n`,
    ...(connections === null ? [] : [`    connections: ${connections}\n`]),
    ...(queue === null ? [] : [`    queue: ${queue}  # that wait for one\n`]),
    ...notes.map((note) => `    # ${note}\n`),
  ]
}

function yamlKey(name: string): string {
  return /^[A-Za-z][\w-]*$/.test(name) ? name : JSON.stringify(printable(name))
}
