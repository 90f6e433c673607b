// How much V8 compiles into one function. A request runs through many small ones: Node's, Fastify's, ours. V8
// stops taking them in when they come to 920 bytes of bytecode, and what is left out is called for each request.

import { setFlagsFromString } from 'node:v8'

/** Bytes of bytecode. */
const mostTakenIn = 2_000

/** Has V8 take in more from here on; a request costs some 5 % less (docs/performance.md). */
export function inlineMore(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${mostTakenIn}`)
}
