#!/usr/bin/env node
// Where the process begins.

import { requireDescriptors } from './main/descriptors.ts'
import { keepInspectorShut } from './main/inspector.ts'

// Before all else, and so before the other modules are read.
export { tickShape } from './main/tick-shape.ts'

keepInspectorShut()
requireDescriptors()
// Node opens at once all modules that are named so far and not read yet. Ours beside those that have hundreds would be more than
// a process with few descriptors may open, so they are read in parts: 131 at most are open, instead of more than 256.
for (const wide of ['typebox', 'typebox/compile', 'typebox/value', '@simplewebauthn/server'])
  await import(wide)
await import('./config/load.ts')
await import('./gateway/server.ts')
await import('./control/server.ts')
await import('./main/command-line.ts')
