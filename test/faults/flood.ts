// Started as a process of its own, so that it does not slow down who measures: asks with unknown keys of the right
// shape. Arguments: port, requests, connections, and `many` to come from an address each.
// Prints the answers by status as JSON.

import { randomInt } from 'node:crypto'
import { createClient, unknownSecret } from './client.ts'

const [, , port, requests, connections, from] = process.argv
const anyAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`
const counts: Record<number, number> = {}
let left = Number(requests)
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    const client = createClient(Number(port), from === 'many' ? anyAddress : undefined)
    while (left-- > 0) {
      const { status } = await client.ask(unknownSecret())
      counts[status] = (counts[status] ?? 0) + 1
    }
    client.close()
  }),
)
console.log(JSON.stringify(counts))
