// Every server of the tables.

import { classicServers } from './classic.ts'
import { nodeServers } from './node.ts'
import { otherServers } from './uwsgi.ts'
import { pythonServers } from './python.ts'
import type { ServerProgram } from './server.ts'

export const servers: readonly ServerProgram[] = [
  ...classicServers,
  ...pythonServers,
  ...nodeServers,
  ...otherServers,
]
