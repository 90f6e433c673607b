// One active check of a target: a GET over a connection of its own, read as strictly as any answer. Well is who answers
// 2xx: a redirect is not followed, and says nothing of the rest.

import type { Socket } from 'node:net'
import type { AnswerHead } from './answer-head.ts'
import type { Connect } from './connect.ts'
import { Connection, type ConnectionOwner, type Exchange } from './connection.ts'
import { NoRoom } from './no-room.ts'
import type { OutgoingRequest } from './outgoing-request.ts'
import type { Queue } from './queue.ts'

export interface Check {
  readonly connect: Connect
  readonly target: string
  /** Field lines, each with its CRLF, Host among them. */
  readonly fields: string
  readonly timeoutMs: number
}

/** Why a target is not well, in a word: no text of its. undefined: it is. */
export type Verdict = string | undefined

/** No verdict: this process may open no more connections. */
export const notTried = 'not_tried'

/** Checks once. `done` is called once, but not after the function that it gives, which calls the check off. */
export function checkOnce(
  { connect, target, fields, timeoutMs }: Check,
  done: (verdict: Verdict) => void,
): () => void {
  let isOver = false
  const end = (verdict: Verdict) => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    connection.close()
    done(verdict)
  }
  const connection = new Connection(ownerOf(), Number.POSITIVE_INFINITY)
  const exchange = new Asked(
    { method: 'GET', target, fields, contentLength: undefined, body: null, reuse: 'none' },
    end,
  )
  // Sockets are read once more before it is looked: what stood still was this process, perhaps.
  const timer = setTimeout(setImmediate, timeoutMs, () => end('timeout')).unref()
  connect(connection.onread, (error: Error | null, socket?: Socket) => {
    if (socket === undefined) return end(wordOf(error))
    connection.opened(socket)
    if (!isOver) connection.send(exchange, false)
  })
  return () => {
    isOver = true
    clearTimeout(timer)
    connection.close()
  }
}

function wordOf(error: Error | null): string {
  if (error === null) return 'failed'
  if (error instanceof NoRoom) return notTried
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** It is closed after its answer, whatever that says. */
function ownerOf(): ConnectionOwner {
  const nothing = () => {}
  return {
    done: nothing,
    released: (connection) => connection.close(),
    unheard: nothing,
    heard: nothing,
    kept: nothing,
    paused: nothing,
    dropped: nothing,
    stale: nothing,
    retired: () => false,
    closed: nothing,
  }
}

class Asked implements Exchange {
  queuedIn: Queue<Exchange> | undefined
  queuedBefore: Exchange | undefined
  queuedAfter: Exchange | undefined
  waitsSince = 0
  opensSince = 0
  isAnew = false
  readonly party = ''
  readonly client = ''
  turn: undefined
  readonly isBodyOpen = false
  readonly isBodyScant = false
  readonly request: OutgoingRequest
  readonly #end: (verdict: Verdict) => void

  constructor(request: OutgoingRequest, end: (verdict: Verdict) => void) {
    this.request = request
    this.#end = end
  }

  /** The status is all that is asked: the rest need not come. */
  onHead({ status }: AnswerHead): void {
    this.#end(status >= 200 && status < 300 ? undefined : `status ${status}`)
  }

  onFailure(error: Error): void {
    this.#end(wordOf(error))
  }

  onPause(): boolean {
    return true
  }

  onConnection(): void {}
  onSent(): void {}
  onInterim(): void {}
  onBody(): void {}
  onEnd(): void {}
}
