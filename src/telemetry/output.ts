// Blocks of whole lines on their way to a device. Nobody waits for it: what the device does not take now waits here, up to
// a fixed number of bytes; what does not fit, or cannot be written, is dropped, counted, and told in the log itself when
// there is room again. A line that was begun is always ended before anything else is written.

import { performance } from 'node:perf_hooks'
import type { Device } from './device.ts'

export interface Output {
  /** Takes a block of whole lines over. */
  write(block: Uint8Array, lines: number): void
  /** How many lines were dropped so far. */
  dropped(): number
  /** Whether lines are lost of which the log does not tell yet. */
  isDropping(): boolean
  /** Writes what waits, for `withinMs` at most and standing still: for the end of a process, which is its own too. */
  finish(withinMs: number): void
}

export interface OutputOptions {
  readonly mostWaitingBytes: number
  /** The line that tells of so many lost ones. */
  readonly lostLine: (lines: number) => string
}

interface Block {
  bytes: Uint8Array
  /** How many lines end in it. */
  lines: number
  /** How many lost lines it tells of. */
  readonly tells: number
  /** The device has the beginning of its first line. */
  isBegun: boolean
}

/** When a device that was full is tried again, in milliseconds: each time twice as long after. */
const fullAgainMs = { first: 1, longest: 128 }
/** When one that failed is. */
const failedAgainMs = 250
/** How long the end of a process sleeps between two tries. */
const napMs = 5

const newline = 10

/** Makes the way to a device. */
export function createOutput(device: Device, { mostWaitingBytes, lostLine }: OutputOptions): Output {
  const waiting: Block[] = []
  let waitingBytes = 0
  let dropped = 0
  /** Lines that were dropped since the last block that tells of such; and those that waiting blocks tell of. */
  let untold = 0
  let telling = 0
  let isWriting = false
  let isPumping = false
  let isFinished = false
  let retry: NodeJS.Timeout | undefined
  let againMs = fullAgainMs.first

  function add(block: Block): void {
    waiting.push(block)
    waitingBytes += block.bytes.length
    telling += block.tells
  }

  function shift(): void {
    const block = waiting.shift()
    waitingBytes -= block?.bytes.length ?? 0
    telling -= block?.tells ?? 0
  }

  function drop(lines: number): void {
    dropped += lines
    untold += lines
  }

  /** The block whose turn it is; after a gap, and before what follows it, the one that tells of it. */
  function next(): Block | undefined {
    if (waiting.length === 0 && untold > 0) {
      add({ bytes: Buffer.from(lostLine(untold)), lines: 0, tells: untold, isBegun: false })
      untold = 0
    }
    return waiting[0]
  }

  const isIdle = () => !isWriting && retry === undefined

  function pump(): void {
    isPumping = true
    while (isIdle()) {
      const block = next()
      if (block === undefined) break
      isWriting = true
      device.write(block.bytes, settle)
    }
    isPumping = false
  }

  function settle(error: unknown, taken: number): void {
    if (isFinished) return
    isWriting = false
    if (taken > 0) took(taken)
    else if (error === null || isFull(error)) tryAgainIn(againMs)
    else fail()
    if (!isPumping) pump()
  }

  function took(taken: number): void {
    againMs = fullAgainMs.first
    const [block] = waiting
    if (block === undefined || taken >= block.bytes.length) return shift()
    waitingBytes -= taken
    block.lines -= linesIn(block.bytes.subarray(0, taken))
    block.isBegun = block.bytes[taken - 1] !== newline
    block.bytes = block.bytes.subarray(taken)
  }

  /** Nothing of what waits can be written: all of it is dropped, but for the end of a line that was begun. */
  function fail(): void {
    const [begun] = waiting[0]?.isBegun === true ? waiting.splice(0, 1) : []
    for (const block of waiting.splice(0)) {
      drop(block.lines)
      untold += block.tells
    }
    waitingBytes = telling = 0
    if (begun !== undefined) {
      const rest = begun.bytes.subarray(0, begun.bytes.indexOf(newline) + 1)
      const lines = Math.min(begun.lines, 1)
      drop(begun.lines - lines)
      add({ ...begun, bytes: rest, lines })
    }
    tryAgainIn(failedAgainMs)
  }

  function tryAgainIn(milliseconds: number): void {
    againMs = Math.min(againMs * 2, fullAgainMs.longest)
    const again = () => {
      retry = undefined
      pump()
    }
    retry = setTimeout(again, milliseconds).unref()
  }

  return {
    write(bytes, lines) {
      const isRoom = waiting.length === 0 || waitingBytes + bytes.length <= mostWaitingBytes
      // Once there is a gap, it goes on until all before it is written: a few long gaps, not many short ones.
      if (untold > 0 || !isRoom) return drop(lines)
      add({ bytes, lines, tells: 0, isBegun: false })
      pump()
    },
    dropped: () => dropped,
    isDropping: () => untold + telling > 0,
    finish(withinMs) {
      const until = performance.now() + withinMs
      isFinished = true
      clearTimeout(retry)
      // A thread has it, and the process does not end before its threads have.
      if (isWriting) shift()
      for (let block = next(); block !== undefined && performance.now() < until; block = next()) {
        try {
          took(device.writeSync(block.bytes))
        } catch (error) {
          if (!isFull(error)) return
          sleep(napMs)
        }
      }
    },
  }
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) lines++
  return lines
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN'
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
