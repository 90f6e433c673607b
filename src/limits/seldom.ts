// Limits that bring a request as seldom as this are not leased: a lease would lie at one process while the next request comes to another, and
// by the time it was given back a burst of one would be lost. Nor would a process that asks now and then know how little is
// left. So all are told of each request that passes while there is little, and each goes by that.

import type { Allowance } from '../config/compiled.ts'

export const seldomIntervalMs = 100

export function isSeldom({ intervalMs }: Allowance): boolean {
  return intervalMs >= seldomIntervalMs
}
