// Bodies of requests that came whole with their head, as small ones do: they go on in one piece, and no stream is made for them.

import type { Access } from '../access.ts'
import type { Head } from '../../decision/request/head.ts'

/** Bodies up to this size may go on whole: what is sent whole is kept until the answer has ended. */
const wholeBytes = 16 * 1024

/**
 * Whether the body may be there at the end of the tick. Node parses what came in one piece with the head right after it,
 * and lets ticks run as soon as it has handed the body over: before it comes to a next request on the connection, which so
 * does not overtake this one.
 */
export function mayComeWhole({ raw, head }: Access): boolean {
  return canBeWhole(head) && raw.readableLength < (head.contentLength ?? 0)
}

/** The body where all of it has come, and is small: no stream has to be made then, and nobody be waited for. */
export function wholeBody({ raw, head }: Access): Buffer | undefined {
  if (!canBeWhole(head) || raw.readableLength !== head.contentLength) return undefined
  // By its length: without one, Node 26 gives the first piece alone.
  const body: Buffer | null = raw.read(head.contentLength)
  // To its end, which Node waits for.
  raw.resume()
  return body ?? undefined
}

/** Announced, so that it goes on as it came: a chunked one stays a stream. */
function canBeWhole({ contentLength, expectsContinue }: Head): boolean {
  return contentLength !== undefined && contentLength <= wholeBytes && !expectsContinue
}
