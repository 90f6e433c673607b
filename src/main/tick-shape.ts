// One object of the shape in which Node 20 keeps what `process.nextTick` was given, for as long as the process runs.
//
// V8 compiles a store into a literal for the one shape that it has seen there. Two fields of this literal are numbers that
// come as small integers first and as doubles later; when that change falls between the first calls, which is by chance,
// the store is taken for one of many shapes for good, and each nextTick costs 500 to 1,000 ns instead of 80: a fifth of all
// that the gateway does for a request, in a third of all processes (docs/performance.md). Where the numbers are doubles
// from the beginning there is one shape only.

import { AsyncResource } from 'node:async_hooks'

const [asyncId = Symbol('async id'), triggerId = Symbol('trigger id')] = Object.getOwnPropertySymbols(
  new AsyncResource('shape'),
)

/** Never used: its shape is what counts. The same names in the same order as in lib/internal/process/task_queues.js. */
export const tickShape = {
  [asyncId]: 0.5,
  [triggerId]: 0.5,
  callback: () => {},
  args: undefined,
}
