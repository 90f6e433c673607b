// Bodies that nobody wants, as the answer came before their end: the connection goes on behind what is left, or ends.

import type { Access } from '../access.ts'
import { leaverOf } from '../listener/leaver.ts'
import { linger, lingerAtEnd } from '../listener/linger.ts'
import { readInSlices } from '../listener/slices.ts'
import { areManyCrumbs } from './crumbs.ts'

/** So much of a body that nobody wants, and for so long, is still parsed, so that the connection can go on behind it. */
const abandonedBytes = 1024 * 1024
const abandonedMs = 1_000

/**
 * Before an answer that comes ahead of its request's end: where more is left than will be waited for, it says so. A client
 * that has sent everything may have its next request under way when the connection ends, and that is lost. Of a body in
 * chunks nobody knows how much is left.
 */
export function announceClose({ reply, head }: Access, received: number): void {
  const left = (head.contentLength ?? Number.POSITIVE_INFINITY) - received
  if (left > abandonedBytes && !reply.headersSent) reply.shouldKeepAlive = false
}

/**
 * After an answer that came before the end of the request. What is left may come soon; else the connection ends, in such a
 * way that the client gets to read its answer.
 */
export function abandonBody(access: Access): void {
  const { raw, reply } = access
  const leaver = leaverOf(access)
  const stayOn = lingerAtEnd(raw.socket, leaver)
  const leave = () => {
    settle()
    linger(raw.socket, leaver)
  }
  const settle = () => {
    clearTimeout(timer)
    raw.off('data', count).off('end', goOn)
  }
  const goOn = () => {
    settle()
    stayOn()
  }
  const come = { count: 0, bytes: 0 }
  const count = (chunk: Buffer) => {
    come.count++
    come.bytes += chunk.length
    if (areManyCrumbs(come)) readInSlices(raw.socket)
    if (come.bytes > abandonedBytes || areManyCrumbs(come)) leave()
  }
  const timer = setTimeout(leave, abandonedMs)
  raw.on('data', count).on('end', goOn)
  if (!reply.shouldKeepAlive) leave()
  raw.resume()
}
