// Good and bad requests by the thousand: served, refused, malformed, failed by the upstream, left in the middle.

import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { converse } from './conversation.ts'
import { type Answer, plainAnswer } from './upstream.ts'
import { parseResponse, request } from './wire.ts'

export interface Tally {
  requests: number
  /** Statuses that were not those expected, a line each. */
  readonly surprises: string[]
}

type Visit = (port: number, tally: Tally) => Promise<void>

const host = 'Host: api.flintn.com'
const chunked = 'Transfer-Encoding: chunked'

/** What the upstream of such a load has to do. */
export const mixedAnswer: Answer = ({ target }, socket) => {
  if (target.includes('/reset')) socket.resetAndDestroy()
  else if (target.includes('/cut')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly')
  else if (target.includes('/garbled')) return 'NO HTTP\r\n\r\n'
  else if (!target.includes('/silent')) return plainAnswer
  return undefined
}

/** Sends about `count` requests, `atOnce` connections at a time, in a fixed mixture. */
export async function sendMixedLoad(
  port: number,
  secret: string,
  { count, atOnce }: { readonly count: number; readonly atOnce: number },
): Promise<Tally> {
  const visits = visitsWith(`X-Api-Key: ${secret}`)
  const tally: Tally = { requests: 0, surprises: [] }
  let turn = 0
  const worker = async (): Promise<void> => {
    while (tally.requests < count) await visits[turn++ % visits.length]?.(port, tally)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return tally
}

function visitsWith(auth: string): Visit[] {
  const get = (path: string, fields: readonly string[] = [host, auth]) => request(`GET ${path}`, fields)
  const post = (path: string, fields: readonly string[], body: string) =>
    request(`POST ${path}`, [host, auth, ...fields], body)
  const good: Visit = pipeline([
    [get('/v1/transactions/1'), 200],
    [post('/v1/upload', ['Content-Length: 3'], 'abc'), 200],
    [post('/v1/upload', [chunked], '3\r\nabc\r\n0\r\n\r\n'), 200],
    [get('/v1/status', [host]), 200],
    [post('/v1/transactions/1/refund', ['Content-Length: 0'], ''), 200],
    [get('/v1/transactions/2'), 200],
  ])
  const refused = pipeline([
    [get('/v1/transactions/1', [host]), 401],
    [get('/v1/transactions/1', [host, 'X-Api-Key: pk_live_malformed']), 401],
    [get('/v1/nothing'), 404],
    [request('PUT /v1/transactions/1', [host, auth]), 405],
    [get('/v1/transactions/%2e'), 400],
    [get('/v1/status', ['Host: other.example']), 421],
    [get('/v1/status?a=pk_live_x'), 401],
    [post('/v1/nothing', ['Content-Length: 3'], 'abc'), 404],
  ])
  return [
    good,
    refused,
    good,
    pipeline([[get('/v1/transactions/1', [host, 'X: a\u0000']), 400]]),
    pipeline([[post('/v1/upload', [chunked], 'no size\r\n'), 400]]),
    pipeline([[post('/v1/small', [chunked], `800\r\n${'x'.repeat(2048)}\r\n0\r\n\r\n`), 413]]),
    pipeline([[post('/v1/transactions/reset/refund', ['Content-Length: 3'], 'abc'), 502]]),
    pipeline([[get('/v1/transactions/garbled'), 502]]),
    pipeline([[get('/v1/slow/../silent'), 400]]),
    leave(get('/v1/transactions/silent')),
    leave(get('/v1/transactions/cut')),
    leave(post('/v1/upload', ['Content-Length: 1000'], 'abc')),
    leave(get('/v1/transactions/1').slice(0, 30)),
  ]
}

/** Requests of one connection, with the statuses that they get. */
function pipeline(expected: readonly (readonly [string, number])[]): Visit {
  const bytes = expected.map(([text]) => text).join('')
  const methods = expected.map(([text]) => text.slice(0, text.indexOf(' ')))
  const wanted = expected.map(([, status]) => status).join(' ')
  return async (port, tally) => {
    tally.requests += expected.length
    const responses = await converse(port, { bytes, cuts: [], methods, patienceMs: 60_000 })
    const got = responses.map((response) => parseResponse(response).status).join(' ')
    if (got !== wanted) tally.surprises.push(`${got} instead of ${wanted}`)
  }
}

/** A client that goes before its answer has come. */
function leave(bytes: string): Visit {
  return async (port, tally) => {
    tally.requests++
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(bytes, 'latin1')
    await sleep(tally.requests % 10)
    socket.destroy()
  }
}
