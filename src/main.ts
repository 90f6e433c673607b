#!/usr/bin/env node
// Where the process begins.

import { keepInspectorShut } from './main/inspector.ts'

// Before all else, and so before the other modules are read.
export { tickShape } from './main/tick-shape.ts'

keepInspectorShut()
await import('./main/command-line.ts')
