// Counts what a tap run showed, from its raw output (TAP 14). tap's own closing line names files, not checks.

export interface Counts {
  passed: number
  failed: number
  /** The lines of the points that were counted as failed. */
  failures: string[]
}

interface Level {
  points: number
  failed: number
}

interface Point {
  line: string
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
  const counts: Counts = { passed: 0, failed: 0, failures: [] }
  const levels = new Map<number, Level>()
  // Buffered subtests, `ok 1 - name {` … `}`: the result comes before what it sums up.
  const open: Point[] = []
  for (const line of withoutDiagnostics(tap)) {
    const point = readPoint(line)
    if (line.startsWith('Bail out!')) addFailure(counts, line)
    if (point !== undefined && line.endsWith('{')) open.push(point)
    else if (point !== undefined) settle(point, levels, counts)
    else if (line.trim() === '}' && open.at(-1)?.indent === indentOf(line)) {
      const closed = open.pop()
      if (closed !== undefined) settle(closed, levels, counts)
    }
  }
  return counts
}

function settle({ line, indent, isOk, isWaived }: Point, levels: Map<number, Level>, counts: Counts): void {
  const below: Level = { points: 0, failed: 0 }
  for (const [depth, level] of levels) {
    if (depth <= indent) continue
    below.points += level.points
    below.failed += level.failed
    levels.delete(depth)
  }
  const isFailure = !isOk && !isWaived && below.failed === 0
  if (isFailure) addFailure(counts, line)
  else if (isOk && !isWaived && below.points === 0) counts.passed++
  const level = levels.get(indent) ?? { points: 0, failed: 0 }
  level.points++
  level.failed += isFailure ? 1 : below.failed
  levels.set(indent, level)
}

function addFailure(counts: Counts, line: string): void {
  counts.failed++
  counts.failures.push(line.replace(/\{$/, '').trim())
}

function readPoint(line: string): Point | undefined {
  const found = /^( *)(not )?ok\b/.exec(line)
  if (found === null) return undefined
  return {
    line,
    indent: indentOf(line),
    isOk: found[2] === undefined,
    isWaived: /(?<!\\)# *(SKIP|TODO)\b/i.test(line),
  }
}

// The YAML blocks after failures quote sources and differences, which may look like anything.
function* withoutDiagnostics(tap: string): Generator<string> {
  let end: string | undefined
  for (const line of tap.split('\n')) {
    if (end !== undefined) {
      if (line === end) end = undefined
    } else if (/^ *---$/.test(line)) end = line.replace('---', '...')
    else yield line
  }
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
