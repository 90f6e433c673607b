// Counts what a tap run showed, from its raw output (TAP 14). tap's own closing line names files, not checks.

export interface Counts {
  passed: number
  failed: number
  /** What was counted as failed: the names on the way to it, its own line, and the start of what tap says about it. */
  failures: string[]
  /** The test files, as tap names them, in which something failed. */
  failedFiles: string[]
}

const diagnosticLines = 40

interface Level {
  points: number
  failed: number
}

interface Point {
  line: string
  /** The subtests around it, outermost first. */
  within: string[]
  diagnostic: string[]
  indent: number
  isOk: boolean
  /** SKIP and TODO: neither passed nor failed. */
  isWaived: boolean
}

/**
 * Counts the checks in raw TAP: every test point that stands for no other points. A subtest or file that failed though
 * all its points passed (a timeout, a wrong plan, a crash) counts as one failure.
 */
export function countChecks(tap: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, failures: [], failedFiles: [] }
  const levels = new Map<number, Level>()
  // Buffered subtests, `ok 1 - name {` … `}`: the result comes before what it sums up.
  const open: Point[] = []
  const names = new Map<number, string>()
  for (const { line, diagnostic } of withDiagnostics(tap)) {
    const subtest = /^( *)# Subtest: (.*)$/.exec(line)
    if (subtest !== null) names.set(indentOf(line), subtest[2] ?? '')
    const point = readPoint(line, diagnostic, names)
    if (line.startsWith('Bail out!')) addFailure(counts, [line])
    if (point !== undefined && line.endsWith('{')) {
      open.push(point)
      names.set(point.indent, nameOf(line))
    } else if (point !== undefined) settle(point, levels, counts)
    else if (line.trim() === '}' && open.at(-1)?.indent === indentOf(line)) {
      const closed = open.pop()
      if (closed !== undefined) settle(closed, levels, counts)
    }
  }
  return counts
}

function settle(point: Point, levels: Map<number, Level>, counts: Counts): void {
  const { indent, isOk, isWaived } = point
  const below: Level = { points: 0, failed: 0 }
  for (const [depth, level] of levels) {
    if (depth <= indent) continue
    below.points += level.points
    below.failed += level.failed
    levels.delete(depth)
  }
  const isFailure = !isOk && !isWaived && below.failed === 0
  if (isFailure) addFailure(counts, describe(point))
  else if (isOk && !isWaived && below.points === 0) counts.passed++
  const level = levels.get(indent) ?? { points: 0, failed: 0 }
  level.points++
  level.failed += isFailure ? 1 : below.failed
  levels.set(indent, level)
  if (indent === 0 && !isOk && !isWaived) counts.failedFiles.push(fileOf(point.line))
}

function fileOf(line: string): string {
  return nameOf(line).replace(/ # time=\S+$/, '')
}

function addFailure(counts: Counts, lines: string[]): void {
  counts.failed++
  counts.failures.push(lines.join('\n'))
}

function describe({ line, within, diagnostic }: Point): string[] {
  const own = line.replace(/\{$/, '').trim()
  return [[...within, own].join(' > '), ...diagnostic.slice(0, diagnosticLines)]
}

function nameOf(line: string): string {
  return line.replace(/^ *(?:not )?ok \d+(?: - )?/, '').replace(/(?: # time=\S+)? \{$/, '')
}

function readPoint(line: string, diagnostic: string[], names: Map<number, string>): Point | undefined {
  const found = /^( *)(not )?ok\b/.exec(line)
  if (found === null) return undefined
  const indent = indentOf(line)
  const around = [...names].filter(([depth]) => depth < indent).toSorted(([a], [b]) => a - b)
  return {
    line,
    within: around.map(([, name]) => name),
    diagnostic,
    indent,
    isOk: found[2] === undefined,
    isWaived: /(?<!\\)# *(SKIP|TODO)\b/i.test(line),
  }
}

// The YAML blocks after failures quote sources and differences, which may look like anything.
function* withDiagnostics(tap: string): Generator<{ line: string; diagnostic: string[] }> {
  let last: { line: string; diagnostic: string[] } | undefined
  let end: string | undefined
  for (const line of tap.split('\n')) {
    if (end !== undefined) {
      if (line === end) end = undefined
      else last?.diagnostic.push(line)
    } else if (/^ *---$/.test(line)) end = line.replace('---', '...')
    else {
      if (last !== undefined) yield last
      last = { line, diagnostic: [] }
    }
  }
  if (last !== undefined) yield last
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
