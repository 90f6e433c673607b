// A file of JSON Lines as parts that the admin API takes at once, cut at ends of lines, and read as they are sent: the
// whole is never in memory.

import { type FileHandle, open } from 'node:fs/promises'
import { whyUnreadable } from '../../config/file-fault.ts'
import { maxBodyBytes, maxLineBytes, maxLines } from '../../credentials/import-limits.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'

export interface ImportPart {
  /** Bytes from `start` on, before `end`. */
  readonly start: number
  readonly end: number
  /** From 1. */
  readonly firstLine: number
  readonly lastLine: number
}

export interface ImportFile {
  /** At least one. Those of blank lines alone are left out. */
  readonly parts: readonly ImportPart[]
  /** The bytes of a part, as often as it is asked for. */
  body(part: ImportPart): ReadableStream<Uint8Array>
  close(): Promise<void>
}

/** Most of a part, to be made smaller by tests. */
export const partLimits = { bytes: maxBodyBytes, lines: maxLines }

/** Opens a file and finds its parts. Throws CliError: it cannot be read, or a line is longer than one may be. */
export async function openImportFile(file: string, limits = partLimits): Promise<ImportFile> {
  try {
    const handle = await open(file)
    const source = (await handle.stat()).isFile() ? ofHandle(handle) : await ofPipe(handle)
    const parts = await findParts(source, limits).catch(async (error: unknown) => {
      await source.close()
      throw error
    })
    return { parts, body: (part) => streamOf(source.read(part.start, part.end)), close: source.close }
  } catch (error) {
    if (error instanceof CliError)
      throw new CliError(`cannot import ${file}: ${error.message}`, error.exitCode)
    throw new CliError(`${file} ${whyUnreadable(error)}`, exitCodes.usage)
  }
}

interface Source {
  read(start: number, end: number): AsyncGenerator<Uint8Array>
  close(): Promise<void>
}

const chunkBytes = 256 * 1024

function ofHandle(handle: FileHandle): Source {
  return {
    async *read(start, end) {
      for (let at = start; at < end; ) {
        // A buffer of its own each: what was handed on may not have been sent yet.
        const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, end - at))
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, at)
        if (bytesRead === 0) return
        yield chunk.subarray(0, bytesRead)
        at += bytesRead
      }
    },
    close: () => handle.close(),
  }
}

/** A pipe is read once, and an import twice where it takes several parts: it must be small enough for one. */
async function ofPipe(handle: FileHandle): Promise<Source> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      if (!Buffer.isBuffer(chunk)) continue
      size += chunk.length
      if (size > maxBodyBytes) break
      chunks.push(chunk)
    }
  } finally {
    await handle.close()
  }
  if (size > maxBodyBytes) throw tooLargeForPipe()
  const bytes = Buffer.concat(chunks)
  return {
    async *read(start, end) {
      const part = bytes.subarray(start, end)
      if (part.length > 0) yield part
    },
    close: () => Promise.resolve(),
  }
}

function tooLargeForPipe(): CliError {
  const most = `${maxBodyBytes / 1024 / 1024} MiB or ${maxLines} lines`
  return new CliError(
    `more than ${most} must come from a regular file, which can be read twice`,
    exitCodes.usage,
  )
}

const newline = 0x0a

async function findParts(source: Source, limits: typeof partLimits): Promise<readonly ImportPart[]> {
  const cutter = createCutter(limits)
  for await (const chunk of source.read(0, Number.MAX_SAFE_INTEGER)) {
    let begin = 0
    for (;;) {
      const end = chunk.indexOf(newline, begin)
      if (end === -1) break
      cutter.add(chunk.subarray(begin, end))
      cutter.endLine()
      begin = end + 1
    }
    cutter.add(chunk.subarray(begin))
  }
  return cutter.finish()
}

/** Told of the bytes of each line and of its end; knows where a part must end. */
function createCutter(limits: typeof partLimits) {
  const parts: ImportPart[] = []
  let part = { start: 0, firstLine: 1, isBlank: true }
  /** Where the line begins, how long it is by now, and which one it is. */
  let line = { start: 0, length: 0, number: 1, isBlank: true }

  function cutAt(end: number, lastLine: number): void {
    if (!part.isBlank) parts.push({ start: part.start, end, firstLine: part.firstLine, lastLine })
    part = { start: end, firstLine: lastLine + 1, isBlank: true }
  }

  function take(endBytes: number): void {
    const end = line.start + line.length + endBytes
    if (end - part.start > limits.bytes || line.number - part.firstLine >= limits.lines) {
      cutAt(line.start, line.number - 1)
    }
    part.isBlank &&= line.isBlank
    line = { start: end, length: 0, number: line.number + 1, isBlank: true }
  }

  return {
    add(bytes: Uint8Array): void {
      line.length += bytes.length
      line.isBlank &&= isBlank(bytes)
      if (line.length <= maxLineBytes) return
      throw new CliError(`its line ${line.number} is longer than ${maxLineBytes} bytes`, exitCodes.failed)
    },
    endLine: () => take(1),
    finish(): readonly ImportPart[] {
      if (line.length > 0) take(0)
      cutAt(line.start, line.number - 1)
      return parts.length > 0 ? parts : [{ start: 0, end: 0, firstLine: 1, lastLine: 1 }]
    },
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
    async cancel() {
      await chunks.return(undefined)
    },
  })
}
