// What the probe sends: requests on a path that nobody has, or without a body on one that it was told, which say who asks,
// and bodies that are no requests whatever a server takes them for.

import { randomBytes } from 'node:crypto'
import type { Upstream } from '../../config/compiled.ts'
import { openConnection, type ProbeConnection } from './probe-connection.ts'

export type Framing = 'content-length' | 'chunked'

export interface Asking {
  readonly method: 'GET' | 'OPTIONS' | 'POST'
  /** Field lines without their ends. */
  readonly fields?: readonly string[]
  readonly body?: { readonly text: string; readonly framing: Framing }
}

export interface Asker {
  readonly upstream: Upstream
  /** The longest wait for anything. */
  readonly patienceMs: number
  open(): Promise<ProbeConnection>
  /** A request as text: its head, and its body as it is framed. */
  text(asking: Asking): { readonly head: string; readonly body: string }
}

export interface AskerOptions {
  /** What Host says. */
  readonly host: string
  readonly patienceMs: number
  /** That a GET without a body asks for; null: the one that nobody has. */
  readonly path: string | null
}

/** The values of the upstream's own headers go out as the gateway would send them. */
export function createAsker(upstream: Upstream, { host, patienceMs, path }: AskerOptions): Asker {
  const nobodys = `${upstream.basePath}/latchkey-probe-${randomBytes(8).toString('hex')}`
  const own = upstream.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const always = `host: ${host}\r\nuser-agent: latchkey-probe (asks what this server is like)\r\naccept: */*\r\n${own}`
  return {
    upstream,
    patienceMs,
    open: () => openConnection(upstream),
    text({ method, fields = [], body }) {
      const more = fields.map((field) => `${field}\r\n`).join('')
      const target = method === 'GET' && body === undefined ? (path ?? nobodys) : nobodys
      const beginning = `${method} ${target} HTTP/1.1\r\n${always}${more}`
      if (body === undefined) return { head: `${beginning}\r\n`, body: '' }
      const framed = frame(body.text, body.framing)
      return { head: `${beginning}content-type: text/plain\r\n${framed.field}\r\n\r\n`, body: framed.body }
    },
  }
}

function frame(text: string, framing: Framing): { field: string; body: string } {
  if (framing === 'content-length') return { field: `content-length: ${text.length}`, body: text }
  const pieces = text.match(/[\s\S]{1,16384}/g) ?? []
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
  return { field: 'transfer-encoding: chunked', body: `${chunks.join('')}0\r\n\r\n` }
}

/**
 * A body of about `bytes`. A server that takes it for a request finds no method, no target and no version in it, and an
 * empty line at its end, so that what is sent next begins anew.
 */
export function inertBody(bytes: number): string {
  const line = 'latchkey probe body: this is no request; whoever reads it may throw it away\r\n'
  return `${line.repeat(Math.max(1, Math.floor(bytes / line.length)))}\r\n`
}
