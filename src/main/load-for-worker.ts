// What a worker starts with: the files on disk, and where those have faults, the ones in force, as its primary keeps them.
// The primary has told of warnings and faults already.

import type { CompiledConfig } from '../config/compiled.ts'
import { formatFault, loadConfig, type LoadResult } from '../config/load.ts'
import type { KeptFiles } from '../config/source.ts'
import { exitCodes } from '../cli/exit.ts'
import type { ShadowSource } from './config-in-force.ts'
import { type KeptConfig, unpackKept } from './kept-config.ts'
import type { ConfigSource } from './parts.ts'
import { StartError } from './start-error.ts'

export interface Loaded {
  readonly config: CompiledConfig
  readonly source: ConfigSource
  readonly shadow?: ShadowSource | undefined
  /** Of a worker: gives the files in force. */
  readonly kept?: () => Promise<KeptFiles | undefined>
}

interface Files {
  readonly config: string
  readonly shadow?: string
}

type Env = ConfigSource['env']

/** Throws a StartError with the faults on disk, where neither can be used. */
export async function loadForWorker(
  files: Files,
  env: Env,
  ask: () => Promise<KeptConfig | undefined>,
): Promise<Loaded> {
  let answer: Promise<KeptConfig | undefined> | undefined
  const given = () => (answer ??= ask())
  const load = async (file: string, isInForce: (config: CompiledConfig) => Promise<boolean>) => {
    // The deny file is read on its own.
    const onDisk = await loadConfig(file, env, { skipsDeny: true })
    if (onDisk.ok) return { ...onDisk, fault: undefined }
    const config = await given()
    const kept = config && unpackKept(config)
    const before = kept && (await loadConfig(file, env, { skipsDeny: true, skipsCertificates: true, kept }))
    if (before?.ok !== true || !(await isInForce(before.config))) throw faultsOf(onDisk)
    return { ...before, files: onDisk.files, fault: formatFault(onDisk.faults[0] ?? unknown(file)) }
  }
  const {
    config,
    sources,
    files: named,
    fault,
  } = await load(files.config, async ({ table }) => table.sha256 === (await given())?.sha256)
  const candidate = files.shadow === undefined ? undefined : await load(files.shadow, async () => true)
  return {
    config,
    source: { file: files.config, files: named, sources, env, ...(fault !== undefined && { fault }) },
    ...(files.shadow !== undefined && candidate && { shadow: { ...candidate, file: files.shadow } }),
    kept: async () => {
      const config = await given()
      return config && unpackKept(config)
    },
  }
}

const unknown = (file: string) => ({ file, line: 1, column: 1, message: 'unknown' })

/** Why nothing was started. */
export function faultsOf(loaded: Extract<LoadResult, { ok: false }>): StartError {
  const lines = loaded.faults.map(formatFault)
  const count = loaded.faults.length === 1 ? '1 fault' : `${loaded.faults.length} faults`
  return new StartError(
    [...lines, `${count} in the configuration; nothing was started.`],
    loaded.unreadable ? exitCodes.usage : exitCodes.failed,
  )
}
