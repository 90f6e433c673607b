// The decision alone, in a process of its own.

import { fileURLToPath } from 'node:url'
import type { Scenario } from '../scenario.ts'

const program = fileURLToPath(new URL('../decision.js', import.meta.url))

/** Names of the figures, in µs. */
export const decisionFigures = {
  one: 'µs a decision, one key',
  many: 'µs a decision, 10,000 keys in turn',
} as const

export const decision: Scenario = {
  name: 'decision',
  title: 'The decision alone, for a key in memory',
  async run(bench) {
    const child = bench.children.start({
      name: 'the decision',
      file: process.execPath,
      args: [program, '--json'],
      cores: bench.pins?.subject ?? null,
    })
    const { oneKey, manyKeys } = JSON.parse(await child.result())
    return {
      results: [],
      figures: { [decisionFigures.one]: Number(oneKey), [decisionFigures.many]: Number(manyKeys) },
    }
  },
}
