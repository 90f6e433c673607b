// Reads one configuration file as text, with a bound on time and memory whatever the path points at.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { whyUnreadable } from './file-fault.ts'

/** A file larger than this is no configuration. */
export const largestFileBytes = 4 * 1024 * 1024

export interface SourceText {
  /** As shown in faults. */
  readonly file: string
  readonly text: string
}

export interface Source extends SourceText {
  readonly bytes: Uint8Array
}

export type SourceResult =
  | { readonly ok: true; readonly source: Source }
  | { readonly ok: false; readonly message: string }

/** Files as they were once, by name: read in the place of those on disk. */
export type KeptFiles = ReadonlyMap<string, Uint8Array>

/** The file's text, or one sentence that says why there is none. */
export async function readSource(file: string, largestBytes = largestFileBytes): Promise<SourceResult> {
  try {
    const bytes = await readBounded(file, largestBytes)
    return typeof bytes === 'string' ? { ok: false, message: bytes } : sourceOf(file, bytes)
  } catch (error) {
    return { ok: false, message: whyUnreadable(error) }
  }
}

/** The same of a file that was kept; without `kept`, of the one on disk. */
export async function readKept(file: string, kept: KeptFiles | undefined): Promise<SourceResult> {
  if (kept === undefined) return readSource(file)
  const bytes = kept.get(file)
  return bytes === undefined ? { ok: false, message: 'was not kept' } : sourceOf(file, bytes)
}

function sourceOf(file: string, bytes: Uint8Array): SourceResult {
  try {
    // Fatal: a byte that is not UTF-8 must not turn into a replacement character. A BOM is skipped.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    if (text.includes('\0')) return { ok: false, message: 'is not a text file' }
    return { ok: true, source: { file, bytes, text } }
  } catch (error) {
    return { ok: false, message: whyUnreadable(error) }
  }
}

/** Bytes, or what is wrong. Non-blocking open: a FIFO without a writer would hang the load. */
async function readBounded(file: string, largestBytes: number): Promise<Uint8Array | string> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!(await handle.stat()).isFile()) return 'is not a regular file'
    const buffer = Buffer.alloc(largestBytes + 1)
    let length = 0
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) break
      length += bytesRead
    }
    if (length > largestBytes) return `is larger than ${largestBytes} bytes`
    // A copy: what is kept of it must not keep the whole buffer.
    return Buffer.from(buffer.subarray(0, length))
  } finally {
    await handle.close()
  }
}
