// Every server of the tables.

import { classicServers } from './classic.ts'
import { goServers, javaServers } from './compiled.ts'
import { nodeServers } from './node.ts'
import { proxiedServers } from './proxied.ts'
import { pythonServers } from './python.ts'
import { scriptedServers } from './scripted.ts'
import type { ServerProgram } from './server.ts'

export const servers: readonly ServerProgram[] = [
  ...classicServers,
  ...pythonServers,
  ...nodeServers,
  ...scriptedServers,
  ...javaServers,
  ...goServers,
  ...proxiedServers,
]
