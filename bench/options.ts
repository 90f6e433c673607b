// The command line of `npm run bench`.

import { parseArgs } from 'node:util'

export interface Options {
  /** Names, in the order in which they run. */
  readonly scenarios: readonly string[]
  /** Of one measurement of throughput, and how many there are of each subject. */
  readonly seconds: number
  readonly rounds: number
  readonly warmUpSeconds: number
  readonly connections: number
  /** Requests a second of the open loops; null: half of what a subject carries. */
  readonly rate: number | null
  /** Keys in Postgres, of which as good as all are asked for never: the larger of two databases. */
  readonly keys: number
  readonly isCheck: boolean
  readonly jsonFile: string | null
  readonly svgFile: string | null
  /** Of the scenarios with peers, only the subjects whose names hold one of these; empty: all. */
  readonly only: readonly string[]
  /** A checkout of another version, built, to be measured beside this one, and nothing else; null: none. */
  readonly against: string | null
  /** Of each of the two versions then. */
  readonly processes: number
}

/** What was written is no command line of ours; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export const mainScenario = 'get'

/** What the bars are measured by. */
export const checkScenarios = [
  ...['get', '401', 'tokens', 'decision', 'limits', 'memory', 'workers', 'keys-postgres'],
] as const

const flags = {
  scenario: { type: 'string', multiple: true },
  all: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
  against: { type: 'string' },
  processes: { type: 'string', default: '3' },
  seconds: { type: 'string', default: '1' },
  rounds: { type: 'string', default: '12' },
  'warm-up': { type: 'string', default: '5' },
  connections: { type: 'string', default: '64' },
  rate: { type: 'string' },
  keys: { type: 'string', default: '100000' },
  json: { type: 'string' },
  svg: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const

/** Reads `argv` (without node and script); null: help is asked for. Throws a UsageError. */
export function readOptions(argv: readonly string[], known: readonly string[]): Options | null {
  const values = parse(argv)
  if (values.help) return null
  const named = (values.scenario ?? []).flatMap(split)
  const unknown = named.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new UsageError(`no scenario ${unknown.join(', ')}; there are ${known.join(', ')}`)
  }
  if (values.against !== undefined && (values.check || values.all || values.rate !== undefined)) {
    throw new UsageError(
      '--against measures CPU time of named scenarios: it takes no --check, --all or --rate',
    )
  }
  if (values.rate !== undefined && values.check) {
    throw new UsageError('--check measures at half load: it takes no --rate')
  }
  const asked = [...named, ...(values.all ? known : []), ...(values.check ? checkScenarios : [])]
  return {
    scenarios: asked.length === 0 ? [mainScenario] : known.filter((name) => asked.includes(name)),
    seconds: positive('seconds', values.seconds),
    rounds: whole('rounds', values.rounds),
    warmUpSeconds: positive('warm-up', values['warm-up']),
    connections: whole('connections', values.connections),
    rate: values.rate === undefined ? null : whole('rate', values.rate),
    keys: whole('keys', values.keys),
    isCheck: values.check,
    jsonFile: values.json ?? null,
    svgFile: values.svg ?? null,
    only: split(values.only),
    against: values.against ?? null,
    processes: whole('processes', values.processes),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function split(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value
  throw new UsageError(`--${name} takes a number above 0, not "${text}"`)
}

function whole(name: string, text: string): number {
  const value = positive(name, text)
  if (Number.isSafeInteger(value)) return value
  throw new UsageError(`--${name} takes a whole number, not "${text}"`)
}

/** What `--help` prints before the scenarios. */
export const usage = `npm run bench -- [--scenario NAME,… | --all] [--check]

  --scenario NAME,…   which scenarios (default: ${mainScenario}); --all: every one
  --check             what the bars need; prints each figure with bar and aim, exit code 1 beyond a bar
  --only TEXT,…       only subjects whose names hold one of these (get, post, large)
  --against DIR       another version of Latchkey, a checkout that is built, and this one, and nobody else, interleaved
                      (get, post, large, 401, 403); --processes N how many of each (3): CPU a request, with the ratio
  --seconds N         length of a measurement (1); --rounds N how many of each (12); --warm-up N seconds before (5)
                      (latencies: four times as long, a quarter as many)
  --connections N     keep-alive connections of the load (64)
  --rate N            requests a second at which latencies are measured (get, post, large; half of what a subject carries)
  --keys N            keys in the larger database of keys-postgres (100000; 10000000 takes minutes and 6 GB)
  --json FILE         all figures of all rounds
  --svg FILE          a chart of the main scenario`
