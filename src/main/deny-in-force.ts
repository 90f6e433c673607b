// The emergency stop in force in this process: the deny file, watched on its own, and what the admin API and Redis add
// to it. It stands on none of the stores: with both away, the file and what was added here still count.

import { type DenyResult, countDenied, loadDeny, nothingDenied } from '../config/deny.ts'
import { formatFault } from '../config/fault.ts'
import type { KeptFiles, Source } from '../config/source.ts'
import { watchFiles } from '../config/watch.ts'
import { createDenyList, type DenyList } from '../decision/deny-list.ts'
import { createDenyAcknowledge } from '../lookup/deny-acknowledge.ts'
import { formatWord, parseWord } from '../lookup/deny-format.ts'
import { createDenySpread } from '../lookup/deny-spread.ts'
import { createDenyStop, type DenyStop } from '../lookup/deny-stop.ts'
import { createDenyWords } from '../lookup/deny-words.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ConfigInForce } from './config-in-force.ts'
import type { Core } from './core.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { StartError } from './start-error.ts'

export interface DenyInForce {
  /** null: nothing is denied. */
  current(): DenyList | null
  readonly stop: DenyStop
  readonly behind: ReturnType<typeof createDenyAcknowledge>
  /** By the names of the file's lists. */
  counts(): Readonly<Record<string, number>>
  /** Why the deny file on disk is not in force; undefined: it is. */
  fault(): string | undefined
  /** The file in force, as it was read; null: there is none. */
  source(): Source | null
  /** Reads the file, and what Redis keeps. Throws a StartError where the file is missing or bad, and was not kept. */
  start(): Promise<void>
  /** Takes words from the primary; what is none is left out. */
  hear(words: readonly string[]): void
  /** Another instance has ended: nobody waits for it any more. false: Redis does not answer. */
  dismiss(instance: string): Promise<boolean>
  /** Reads the file anew. Never rejects. */
  reload(): Promise<void>
  close(): Promise<void>
}

export interface DenyInForceDeps {
  readonly inForce: ConfigInForce
  readonly env: Readonly<Record<string, string | undefined>>
  readonly core: Core
  readonly log: Logger
  readonly metrics: Metrics
  /** Of a worker: gives the files in force, for one whose file on disk is bad. */
  readonly kept?: (() => Promise<KeptFiles | undefined>) | undefined
  /** Told of all words when there are new ones: for the workers. */
  readonly said: ((words: readonly string[]) => void) | undefined
}

/** A stop is in force within a second: two looks and the reading take less than half of it. */
const lookEveryMs = 200

/** Nothing is read before `start`. */
export function createDenyInForce(deps: DenyInForceDeps): DenyInForce {
  const { inForce, core, log, metrics } = deps
  const words = createDenyWords()
  let list: DenyList | null = null
  let fault: string | undefined
  let source: Source | null = null
  let stopWatching = () => {}

  const spread =
    core.redis &&
    createDenySpread({
      ...core.redis,
      words,
      instanceId: core.instanceId,
      now: core.now,
      heard: changed,
      rejected: metrics.cacheRejected,
    })
  const stop = createDenyStop({ words, spread, now: core.now, changed })
  const counts = () => countDenied(stop.entries())

  function changed(): void {
    list = createDenyList(stop.entries())
    deps.said?.(words.all().map(formatWord))
    log.warn({ denied: counts() }, 'Deny list in force')
  }

  async function read(kept?: KeptFiles): Promise<DenyResult> {
    const file = inForce.denyFile()
    if (file === null) return { ok: true, entries: nothingDenied, warnings: [], source: null }
    const { apis } = inForce.current().table
    const known = (name: string) => [...apis.values()].some((api) => api.permissions.has(name))
    return loadDeny(file, deps.env, known, kept)
  }

  /** The file on disk has faults: at the start the one in force elsewhere counts, as it was kept. */
  async function startOn(faults: readonly string[]): Promise<void> {
    const kept = await deps.kept?.()
    const before = kept === undefined ? undefined : await read(kept)
    if (before?.ok !== true) throw new StartError(faults)
    take(before)
    refuse(faults)
  }

  function take(read: Extract<DenyResult, { ok: true }>): void {
    const wasBad = fault !== undefined
    fault = undefined
    source = read.source
    for (const warning of read.warnings) log.warn(formatFault(warning))
    stop.takeFile(read.entries)
    // Mended to what it was before, it changes nothing that `changed` would tell.
    if (wasBad) log.info({ denied: counts() }, 'The deny file on disk is in force again')
  }

  metrics.gauge('latchkey_deny_entries', 'What the emergency stop denies, by kind', counts, 'max')
  metrics.gauge(
    'latchkey_deny_file_valid',
    '1 while the deny file on disk is in force',
    () => ({ file: fault === undefined ? 1 : 0 }),
    'min',
  )

  const reload = oneAtATime(async () => {
    const result = await read()
    if (result.ok) return take(result)
    refuse(result.faults.map(formatFault))
  })

  function refuse(faults: readonly string[]): void {
    fault = faults[0] ?? 'unknown'
    log.error({ faults, denied: counts() }, 'The deny file on disk is not in force; the list stays as it was')
  }

  return {
    current: () => list,
    stop,
    behind: createDenyAcknowledge({
      words,
      spread,
      instanceId: core.instanceId,
      registered: core.acknowledgement.instances,
      now: core.now,
      maxStaleLimitMs: () => inForce.current().table.maxStaleLimitMs,
    }),
    counts,
    fault: () => fault,
    source: () => source,
    hear(texts) {
      const heard = texts.map(parseWord).filter((word) => word !== undefined)
      if (heard.map((word) => words.hear(word)).includes(true)) changed()
    },
    dismiss: async (instance) => (await spread?.dismiss(instance)) ?? true,
    async start() {
      const first = await read()
      if (first.ok) take(first)
      else await startOn(first.faults.map(formatFault))
      await spread?.start()
      const files = () => [inForce.denyFile()].filter((file) => file !== null)
      const watch = watchFiles(files, reload, { lookEveryMs, tellsFirst: true })
      stopWatching = () => watch.stop()
    },
    reload,
    async close() {
      stopWatching()
      await spread?.stop()
    },
  }
}
