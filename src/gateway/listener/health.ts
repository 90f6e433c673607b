// What a balancer asks on the gateway's own port (`gateway.health`), and a primary of its workers: shall it send requests here? Answered before
// everything else, under any name and whatever load there is, as a gateway that is taken out for being busy leaves its
// work to others that are then busier. It says nothing more, and leaves neither a line in the log nor a count.

import type { IncomingMessage } from 'node:http'
import type { Begin } from './turns.ts'

export interface HealthDeps {
  /** The path that is asked for, exactly so. */
  readonly path: string
  readonly isReady: () => boolean
  readonly drain: { readonly isDraining: boolean }
  readonly newId: (prefix: string) => string
}

/** Answers GET and HEAD of the path; `others` begins all other requests. */
export function answerHealth({ path, isReady, drain, newId }: HealthDeps, others: Begin): Begin {
  return (raw, reply) => {
    if (raw.url !== path || !asksHealth(raw)) return others(raw, reply)
    const answer = isReady() ? ready : unready
    if (drain.isDraining || !isBare(raw)) reply.shouldKeepAlive = false
    reply.writeHead(answer.status, { ...answer.headers, 'X-Request-Id': newId('req') })
    reply.end(raw.method === 'HEAD' ? undefined : answer.body)
  }
}

function asksHealth({ method, httpVersionMajor }: IncomingMessage): boolean {
  return httpVersionMajor === 1 && (method === 'GET' || method === 'HEAD')
}

/** Whether nothing follows the head that would have to be read, or could be read in two ways. */
function isBare({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding, upgrade } = headers
  return length === undefined && encoding === undefined && upgrade === undefined
}

const ready = answerOf(200, 'ok')
const unready = answerOf(503, 'unavailable')

function answerOf(status: number, word: string) {
  const body = JSON.stringify({ status: word })
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(body.length),
    'Cache-Control': 'no-store',
  }
  return { status, body, headers: status === 200 ? headers : { ...headers, 'X-Error-Source': 'gateway' } }
}
