// Limits alone, in a process of their own.

import { fileURLToPath } from 'node:url'
import type { Scenario } from '../scenario.ts'

const program = fileURLToPath(new URL('../limits.js', import.meta.url))

/** Names of the figures: µs of CPU a request, bytes a key. */
export const limitFigures = {
  two: 'µs a request, two limits',
  inFlight: 'µs a request, in_flight',
  counted: 'bytes a key that is counted',
  idle: 'bytes a key whose burst is there again',
} as const

export const limits: Scenario = {
  name: 'limits',
  title: 'Limits alone: CPU a request, memory a key',
  async run(bench) {
    const child = bench.children.start({
      name: 'limits',
      file: process.execPath,
      args: ['--expose-gc', program, '--json'],
      cores: bench.pins?.subject ?? null,
    })
    const { twoLimits, inFlight, counted, idle } = JSON.parse(await child.result())
    return {
      results: [],
      figures: {
        [limitFigures.two]: Number(twoLimits),
        [limitFigures.inFlight]: Number(inFlight),
        [limitFigures.counted]: Number(counted),
        [limitFigures.idle]: Number(idle),
      },
    }
  },
}
