// An exchange over a pool, as a test asks for it.

import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { AnswerHead } from '../../../src/gateway/upstream/answer-head.ts'
import { copiedBytes } from '../../../src/gateway/upstream/answer-reader.ts'
import { createConnect } from '../../../src/gateway/upstream/connect.ts'
import type { Connection, Exchange } from '../../../src/gateway/upstream/connection.ts'
import type { BodySource, OutgoingRequest, Reuse } from '../../../src/gateway/upstream/outgoing-request.ts'
import { createPool, type Pool, type PoolLimits } from '../../../src/gateway/upstream/pool.ts'
import type { Turn } from '../../../src/gateway/upstream/fair-share.ts'
import type { Queue } from '../../../src/gateway/upstream/queue.ts'
import { tlsFile } from '../../support/tls.ts'

export interface Ask {
  readonly method?: string
  readonly target?: string
  readonly body?: Buffer | Readable
  readonly contentLength?: number
  readonly reuse?: Reuse
  readonly party?: string
  readonly client?: string
  readonly isBodyOpen?: boolean
  readonly isBodyScant?: boolean
  /** Whether to read on after each read; else nothing is read until `connection.resume`. */
  readonly isKeepingUp?: boolean
}

export class Asked implements Exchange {
  queuedIn: Queue<Exchange> | undefined
  queuedBefore: Exchange | undefined
  queuedAfter: Exchange | undefined
  waitsSince = 0
  opensSince = 0
  isAnew = false
  readonly request: OutgoingRequest
  readonly party: string
  readonly client: string
  turn: Turn<Exchange> | undefined
  isBodyOpen: boolean
  isBodyScant: boolean
  readonly #isKeepingUp: boolean
  head: AnswerHead | undefined
  /** Of the body, kept as a receiver may keep them. */
  readonly pieces: Buffer[] = []
  trailers: readonly string[] | undefined
  failure: Error | undefined
  wasStale: boolean | undefined
  connection: Connection | undefined
  isSent = false
  /** How often its end was told, of whatever kind. */
  ends = 0

  constructor({ method = 'GET', target = '/', body, contentLength, isKeepingUp = true, ...rest }: Ask) {
    this.request = {
      method,
      target,
      fields: 'host: a\r\n',
      contentLength,
      body: body instanceof Readable ? sourceOf(body) : (body ?? null),
      reuse: rest.reuse ?? 'all',
    }
    this.party = rest.party ?? ''
    this.client = rest.client ?? '192.0.2.1'
    this.isBodyOpen = rest.isBodyOpen ?? false
    this.isBodyScant = rest.isBodyScant ?? false
    this.#isKeepingUp = isKeepingUp
  }

  onConnection(connection: Connection): void {
    this.connection = connection
  }

  onSent(): void {
    this.isSent = true
  }

  onInterim(): void {}

  onHead(head: AnswerHead): void {
    this.head = head
  }

  onBody(buffer: Buffer, start: number, end: number): void {
    const piece = buffer.subarray(start, end)
    this.pieces.push(end - start > copiedBytes ? piece : Buffer.from(piece))
  }

  onPause(): boolean {
    return this.#isKeepingUp
  }

  onEnd(trailers: readonly string[]): void {
    this.trailers = trailers
    this.ends++
  }

  onFailure(error: Error, wasStale: boolean): void {
    this.failure = error
    this.wasStale = wasStale
    this.ends++
  }

  get body(): string {
    return Buffer.concat(this.pieces).toString('latin1')
  }

  /** Waits for its end, gives its status and body, or the name of what went wrong. */
  async ended(): Promise<string> {
    await until(() => this.ends > 0)
    return this.failure === undefined ? `${this.head?.status} ${this.body}` : this.failure.name
  }
}

/** Waits for something that comes about by itself; throws after ten seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; !isSo(); i++) {
    if (i > 2_000) throw new Error('it did not come about')
    await sleep(5)
  }
}

/** A stream as a body that comes. */
function sourceOf(stream: Readable): BodySource {
  return {
    flowTo(sink) {
      stream.on('data', (piece: Buffer) => {
        if (!sink.onPieces([piece])) stream.pause()
      })
      stream.once('end', () => sink.onEnd()).once('close', () => sink.onStop())
    },
    resume: () => void stream.resume(),
  }
}

/** Bounds of a pool where a test is about something else. */
export function limitsOf({
  most = 8,
  queue = 1_000,
  queueTimeoutMs = 10_000,
  maxAgeMs = 600_000,
} = {}): PoolLimits {
  return { most, queue, queueTimeoutMs, maxAgeMs }
}

/** A pool to `port` on this machine, over TLS if `isSecure`; closed at the end of the test. */
export function openPool(
  t: Test,
  port: number,
  { isSecure = false, ...limits }: Partial<PoolLimits> & { readonly isSecure?: boolean } = {},
): Pool & { ask(of?: Ask): Asked } {
  const connect = createConnect({
    origin: `http${isSecure ? 's' : ''}://127.0.0.1:${port}`,
    timeoutMs: 5_000,
    certificates: isSecure ? { ca: readFileSync(tlsFile('ca.pem')) } : {},
  })
  const pool = createPool(connect, limitsOf(limits))
  t.teardown(() => pool.close())
  return {
    ...pool,
    ask(of = {}) {
      const asked = new Asked(of)
      pool.send(asked)
      return asked
    },
  }
}
