// The last good configuration, which the primary keeps for workers that start while the one on disk has faults: else one
// slip in a file and the death of a worker would together be an outage. It is kept sealed: in memory alone, as the bytes
// that were checked, handed to nobody but a worker that asks for it, over the channel that the two alone have; and a
// worker takes it only if the table that it makes of it has the hash of the one in force.

import type { KeptFiles, Source } from '../config/source.ts'

/** As it goes through the channel. */
export interface KeptConfig {
  /** Of the table in force. */
  readonly sha256: string
  /** Base64 by file: the gateway file, the tables, the deny file. */
  readonly files: Readonly<Record<string, string>>
}

/** Packs what is in force. */
export function packKept(sha256: string, sources: readonly Source[]): KeptConfig {
  const files = sources.map(({ file, bytes }) => [file, Buffer.from(bytes).toString('base64')])
  return { sha256, files: Object.fromEntries(files) }
}

/** The files, to be read in the place of those on disk. */
export function unpackKept({ files }: KeptConfig): KeptFiles {
  return new Map(Object.entries(files).map(([file, text]) => [file, Buffer.from(text, 'base64')]))
}
