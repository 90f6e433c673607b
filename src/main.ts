#!/usr/bin/env node
// Where the process begins.

import { requireDescriptors } from './main/descriptors.ts'
import { keepInspectorShut } from './main/inspector.ts'

// Before all else, and so before the other modules are read.
export { tickShape } from './main/tick-shape.ts'

keepInspectorShut()
requireDescriptors()
await import('./main/command-line.ts')
