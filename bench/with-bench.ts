// The frame of a run: what it has is set up before, and taken down whatever happens.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench } from './bench.ts'
import { createChildren } from './children.ts'
import { inspectMachine } from './machine.ts'
import type { Options } from './options.ts'
import { startUpstream } from './peers.ts'
import { type Stores, startStores } from './stores.ts'

/** Sets everything up, hands it to `work`, and takes it down whatever happens, Ctrl-C and SIGTERM included. */
export async function withBench(options: Options, work: (bench: Bench) => Promise<void>): Promise<void> {
  const machine = inspectMachine()
  const children = createChildren()
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
  const tell = (line: string) => void process.stderr.write(`${line}\n`)
  let stores: Stores | undefined
  let ending: Promise<void> | undefined
  const end = () => {
    ending ??= (async () => {
      await children.stopAll()
      await stores?.stop()
      rmSync(folder, { recursive: true, force: true })
    })()
    return ending
  }
  const interrupt = () => {
    // Whoever asks twice does not want to wait: what still runs is killed as this process leaves.
    if (ending !== undefined) process.exit(130)
    tell('stopping')
    void end().finally(() => process.exit(130))
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  try {
    stores = await startStores(machine.pins?.others ?? null)
    const wrk = machine.find({ program: 'wrk', packages: ['wrk'], what: 'wrk (load of the closed loop)' })
    const parts = { ...machine, options, children, folder, stores, wrk, tell }
    await work({ ...parts, upstream: await startUpstream(parts) })
  } catch (error) {
    // After Ctrl-C everything fails, and all of it means the same.
    if (ending === undefined) throw error
  } finally {
    await end()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}
