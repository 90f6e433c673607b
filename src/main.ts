#!/usr/bin/env node
// Where the process begins.

// Before all else, and so before the other modules are read.
export { tickShape } from './main/tick-shape.ts'

await import('./main/command-line.ts')
