// Started as a process of its own, so that it does not slow down who measures: asks with unknown keys of the right
// shape. Arguments: port, requests, connections, and `many` to come from an address each. Its parent is told when the
// connections are open, says when to begin, and is told the answers by status.

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createClient, unknownSecret } from './client.ts'

const [, , port, requests, connections, from] = process.argv
const anyAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`
const counts: Record<number, number> = {}
let left = Number(requests)
const clients = Array.from({ length: Number(connections) }, () =>
  createClient(Number(port), from === 'many' ? anyAddress : undefined),
)
await Promise.all(clients.map((client) => client.ask('nonsense')))
process.send?.('ready')
await once(process, 'message')
await Promise.all(
  clients.map(async (client) => {
    while (left-- > 0) {
      const { status } = await client.ask(unknownSecret())
      counts[status] = (counts[status] ?? 0) + 1
    }
    client.close()
  }),
)
process.send?.(counts, () => process.disconnect())
