// The configuration in force, and how another takes its place: read and checked whole, then swapped at once between
// requests. A bad file changes nothing and is told in log, metric and health. What a running process cannot change
// (ports, stores, limits) keeps its value until the restart that the log asks for.

import type { CompiledConfig, Settings, Table } from '../config/compiled.ts'
import { formatFault, loadConfig } from '../config/load.ts'
import type { LogPaths } from '../config/log-schema.ts'
import type { Source } from '../config/source.ts'
import { watchFiles } from '../config/watch.ts'
import { certificateFiles } from '../gateway/upstream/certificates.ts'
import { createUpstreamRoom } from '../gateway/upstream/room.ts'
import { createUpstreams, type Upstreams } from '../gateway/upstream/upstreams.ts'
import { upstreamNews } from './upstream-news.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/** What a request keeps from its beginning to its end. */
export interface InForce {
  readonly table: Table
  readonly upstreams: Upstreams
}

export interface ConfigInForce {
  current(): InForce
  /** What decides in shadow; null: nothing does. */
  candidate(): CompiledConfig | null
  /** Of which requests the access log has the path. */
  logPaths(): LogPaths
  /** The deny file that is named; the file itself is another's to read. null: none. */
  denyFile(): string | null
  /** Why the file on disk is not in force; undefined: it is. */
  fault(): string | undefined
  /** The files of all that is in force, as they were read. */
  sources(): readonly Source[]
  /** Reads the files anew. Never rejects; calls during a reload share one more. */
  reload(): Promise<void>
  /** Has `told` called behind each configuration that is taken from disk. */
  follow(told: () => void): void
  /** Begins to watch the files. */
  watch(): void
  close(): Promise<void>
}

export interface ConfigInForceDeps {
  readonly config: CompiledConfig
  /** The gateway file, and everything that it depended on when it was read. */
  readonly file: string
  readonly files: readonly string[]
  /** What `config` was made of. */
  readonly sources?: readonly Source[]
  /** Why it is not what is on disk; left out: it is. */
  readonly fault?: string
  /** To all upstreams together; without bound unless said. */
  readonly mostConnections?: number
  /** Whether this process sends requests to upstreams, and has to look after them; unless said it does. */
  readonly isGateway?: boolean
  /** Told when a configuration has been taken from disk. */
  readonly taken?: () => void
  /** A candidate that decides in shadow. */
  readonly shadow?: ShadowSource
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  readonly metrics: Metrics
}

export interface ShadowSource {
  readonly file: string
  readonly config: CompiledConfig
  readonly files: readonly string[]
  readonly sources?: readonly Source[]
}

/** Starts with a configuration that was loaded already. Throws when a file that it names cannot be read. */
export function createConfigInForce(deps: ConfigInForceDeps): ConfigInForce {
  const { log, metrics, isGateway = true } = deps
  let settings = deps.config.settings
  let files = deps.files
  let sources = deps.sources ?? []
  let candidateSources = deps.shadow?.sources ?? []
  let fault = deps.fault
  const room = createUpstreamRoom(deps.mostConnections ?? Number.POSITIVE_INFINITY)
  let inForce: InForce = {
    table: deps.config.table,
    upstreams: createUpstreams(settings, deps.config.table, {
      news: upstreamNews(log),
      room,
      isWatched: isGateway,
    }),
  }
  let candidate = deps.shadow?.config ?? deps.config.candidate
  let candidateFiles = deps.shadow?.files ?? []
  let isCandidateBad = false
  let running: Promise<void> | undefined
  let isWanted = false
  let isAsked = false
  const followers: (() => void)[] = []
  let stopWatching = () => {}
  let isClosed = false

  metrics.gauge(
    'latchkey_table',
    'Always 1; the label is the SHA-256 of the permission table in force',
    () => ({ [inForce.table.sha256]: 1 }),
    'max',
  )
  metrics.gauge(
    'latchkey_config_valid',
    '1 while the files on disk are the ones in force',
    () => ({ files: fault === undefined ? 1 : 0 }),
    'min',
  )

  /** The candidate's routes have labels too. */
  function tellTable(): void {
    metrics.table(routesOf(candidate === null ? [inForce.table] : [inForce.table, candidate.table]))
  }
  tellTable()

  function refuse(faults: readonly string[]): void {
    fault = faults[0] ?? 'unknown'
    log.error({ faults, table: inForce.table.sha256 }, 'The configuration on disk is not in force')
  }

  function refuseCandidate(faults: readonly string[]): void {
    isCandidateBad = true
    log.error({ faults }, 'The candidate on disk is not taken')
  }

  /** Whether what is on disk is in force now. */
  async function load(): Promise<boolean> {
    const loaded = await loadConfig(deps.file, deps.env, { skipsDeny: true, isServing: true })
    // Nobody would close the upstreams that were made now.
    if (isClosed) return false
    files = loaded.files
    if (!loaded.ok) {
      refuse(loaded.faults.map(formatFault))
      return false
    }
    const { table } = loaded.config
    const next = mended(settings, loaded.config.settings)
    const upstreams = createUpstreams(next, table, {
      before: inForce.upstreams,
      news: upstreamNews(log),
      isWatched: isGateway,
    })
    const restart = needsRestart(settings, loaded.config.settings)
    if (restart.length > 0) log.warn({ settings: restart }, 'These settings take effect after a restart')
    const before = inForce
    settings = next
    sources = loaded.sources
    inForce = { table, upstreams }
    if (deps.shadow === undefined) candidate = loaded.config.candidate
    fault = undefined
    before.upstreams.retire(upstreams)
    log.info({ table: table.sha256, before: before.table.sha256 }, 'Configuration in force')
    deps.taken?.()
    for (const told of followers) told()
    return true
  }

  /** A bad candidate leaves the one before in its place: it decides nothing, so it is only told. */
  async function loadCandidate(): Promise<void> {
    if (deps.shadow === undefined) return
    const loaded = await loadConfig(deps.shadow.file, deps.env, { skipsDeny: true, isServing: true })
    candidateFiles = loaded.files
    if (!loaded.ok) return refuseCandidate(loaded.faults.map(formatFault))
    candidate = loaded.config
    candidateSources = loaded.sources
    if (isCandidateBad)
      log.info({ candidate: candidate.table.sha256 }, 'The candidate on disk is taken again')
    isCandidateBad = false
  }

  async function run(): Promise<void> {
    do {
      isWanted = false
      const isNews = isAsked
      isAsked = false
      const { sha256 } = inForce.table
      const isTaken = await load().catch((error: unknown) => {
        refuse([reasonOf(error)])
        return false
      })
      await loadCandidate().catch((error: unknown) => refuseCandidate([reasonOf(error)]))
      // Who edits a file and asks for it to be read is answered twice, the watch coming late: that is no second table.
      if (isTaken && (isNews || inForce.table.sha256 !== sha256)) tellTable()
    } while (isWanted)
  }

  const readAnew = (): Promise<void> => {
    if (running !== undefined) isWanted = true
    running ??= run().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    current: () => inForce,
    candidate: () => candidate,
    logPaths: () => settings.log.paths,
    denyFile: () => settings.gateway.denyFile,
    fault: () => fault,
    sources: () => [...sources, ...candidateSources],
    reload() {
      isAsked = true
      return readAnew()
    },
    follow: (told) => void followers.push(told),
    watch() {
      const certificates = () => [...settings.upstreams.values()].flatMap(certificateFiles)
      const watched = () => [...files, ...candidateFiles, ...certificates()]
      // What was not taken may have been mended since it was read.
      const watch = watchFiles(watched, readAnew, { tellsFirst: fault !== undefined })
      stopWatching = () => watch.stop()
    },
    async close() {
      isClosed = true
      stopWatching()
      await inForce.upstreams.close()
    },
  }
}

/** As labels name them. */
function routesOf(tables: readonly Table[]): Map<string, Set<string>> {
  const routes = new Map<string, Set<string>>()
  for (const api of tables.flatMap((table) => [...table.apis.values()])) {
    const names = routes.get(api.name) ?? new Set()
    for (const { method, template } of api.routes) names.add(`${method} ${template}`)
    routes.set(api.name, names)
  }
  return routes
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}

/** What a running process takes from a new file; the rest of its settings stay. */
function mended(now: Settings, wanted: Settings): Settings {
  const gateway = { ...now.gateway, denyFile: wanted.gateway.denyFile }
  return { ...now, gateway, upstreams: wanted.upstreams, identity: wanted.identity, log: wanted.log }
}

/** Settings that differ and cannot change under way, as written in the file. */
function needsRestart(now: Settings, wanted: Settings): string[] {
  const { upstreams: _, identity: __, log: ___, ...fixed } = wanted
  return Object.entries(fixed).flatMap(([section, value]) => {
    const current: unknown = Object(now)[section]
    if (JSON.stringify(value) === JSON.stringify(current)) return []
    if (toldWhole.has(section)) return [section]
    return Object.entries(Object(value))
      .filter(([key]) => key !== 'denyFile')
      .filter(([key, part]) => JSON.stringify(part) !== JSON.stringify(Object(current)[key]))
      .map(([key]) => `${section}.${nameInFile(key)}`)
  })
}

/** Sections of which no part is named. */
const toldWhole = new Set(['postgres', 'redis', 'hub', 'webhooks'])

function nameInFile(key: string): string {
  if (key === 'scanners') return 'secret_scanning'
  return key.replace(/(?:Ms|File)$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
