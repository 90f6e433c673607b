// Files → configuration, all or nothing: every fault of every file is found before anything is refused.
// This folder knows files and their meaning. It must not know requests, stores or who asks for a reload.

import { createHash } from 'node:crypto'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { checkAuditSink } from './audit-sink.ts'
import { checkApis } from './check-apis.ts'
import { checkCertificates, type NeededFiles } from './check-certificates.ts'
import { checkScanning } from './check-scanning.ts'
import { checkSettings } from './check-settings.ts'
import { checkUpstreams } from './check-upstreams.ts'
import { compile } from './compile.ts'
import type { CompiledConfig } from './compiled.ts'
import { loadDeny } from './deny.ts'
import type { Environment } from './expand.ts'
import { createReport, type Fault, formatFault, type Report, sortFaults } from './fault.ts'
import { fit } from './fit.ts'
import { checkJwt } from './check-jwt.ts'
import { checkOauth } from './check-oauth.ts'
import { checkHub } from './hub.ts'
import { GatewayFile } from './schema.ts'
import { type KeptFiles, readKept, type Source } from './source.ts'
import { type PermissionTable, readTable } from './table.ts'
import type { TrailingSlash } from './trailing-slash.ts'
import { readTableAside } from './table-aside.ts'
import { type Node, parseTree, placeOfValue } from './tree.ts'

export { type Fault, formatFault }

export type LoadResult =
  | {
      readonly ok: true
      readonly config: CompiledConfig
      readonly warnings: readonly Fault[]
      /** Every file that it depends on: what to watch. */
      readonly files: readonly string[]
      /** Those that it was made of, as they were read. */
      readonly sources: readonly Source[]
    }
  | {
      readonly ok: false
      readonly files: readonly string[]
      readonly faults: readonly Fault[]
      readonly warnings: readonly Fault[]
      /** The gateway file itself is missing or no text: nothing was checked. */
      readonly unreadable: boolean
    }

export interface LoadOptions {
  /** Leaves the deny file alone: a running process reads it on its own, and neither waits for the other. */
  readonly skipsDeny?: boolean
  /** Leaves certificates alone: nobody will connect by what is loaded. */
  readonly skipsCertificates?: boolean
  /** Which of their files must be here; left out: none, as they may be where the program will run. */
  readonly needs?: NeededFiles
  /** A certificate that has ended is a fault, too. A start takes it: who starts anew in an outage needs all else. */
  readonly refusesExpired?: boolean
  /** The process serves requests meanwhile: what would hold them up is left to a thread. */
  readonly isServing?: boolean
  /** What is read instead of the files on disk. */
  readonly kept?: KeptFiles | undefined
}

/**
 * Reads a gateway file, the permission tables and the deny file that it names; `${NAME}` comes from `env`. Never throws
 * for what the files hold. Faults are in the order of the files, each with a place.
 */
export async function loadConfig(
  file: string,
  env: Environment,
  options: LoadOptions = {},
): Promise<LoadResult> {
  const { skipsDeny = false, skipsCertificates = false, isServing = false, kept } = options
  const report = createReport()
  const read = await readKept(file, kept)
  if (!read.ok) {
    report.fault({ file, line: 1, column: 1 }, `the file ${read.message}`)
    return { ok: false, files: [file], faults: report.faults, warnings: [], unreadable: true }
  }
  const sources = [read.source]
  const tree = parseTree(read.source, env, report)
  const gateway = tree && fit(GatewayFile, tree, report)
  const tables = new Map<string, PermissionTable>()
  const named = new Set([file])
  if (tree && gateway) {
    const loader = createTableLoader({ file, tree, env, report, sources, named, isServing, kept })
    for (const [api, entry] of Object.entries(gateway.apis ?? {})) {
      const { permissions: path, trailing_slash: trailingSlash = 'strict' } = entry ?? {}
      const table = path === undefined ? undefined : await loader({ api, path, trailingSlash })
      if (table) tables.set(api, table)
    }
    const checked = { tree, file: gateway, report }
    checkSettings(checked)
    checkHub(checked)
    checkOauth(checked)
    checkJwt(checked)
    checkScanning(checked)
    checkAuditSink(checked)
    checkUpstreams(checked)
    checkApis(checked, tables)
    // A running process looks at them itself: one that is half renewed must not keep a table from coming into force.
    if (!isServing && !skipsCertificates) {
      const { needs, refusesExpired = false } = options
      const authorities = authoritiesOf(env)
      checkCertificates(checked, {
        folder: dirname(file),
        nowMs: Date.now(),
        authorities,
        needs,
        refusesExpired,
      })
    }
    const deny = gateway.gateway?.deny
    if (deny !== undefined && !skipsDeny) await checkDeny(besideFile(file, deny), { env, report, tables })
  }
  const files = sources.map((source) => source.file)
  const warnings = sortFaults(report.warnings, files)
  if (report.faults.length > 0) {
    const faults = sortFaults(report.faults, files)
    return { ok: false, files: [...named], faults, warnings, unreadable: false }
  }
  // No fault, so no hole: TypeBox has the last word on that.
  if (!Value.Check(GatewayFile, gateway))
    throw new Error('a configuration without faults must fit the schema')
  const sha256 = hashSources(file, sources)
  const authorities = authoritiesOf(env)
  const config = await compile({ path: file, file: gateway, tables, sha256, authorities })
  return { ok: true, config, warnings, files: [...named], sources }
}

/**
 * Node as it is built does not look at SSL_CERT_FILE, which most other programs of a machine go by. Where it is set, it stands for
 * the authorities of the system, and what NODE_EXTRA_CA_CERTS adds to Node's own is added to them.
 */
function authoritiesOf(env: Environment): readonly string[] {
  const { SSL_CERT_FILE: system, NODE_EXTRA_CA_CERTS: extra } = env
  if (system === undefined || system === '') return []
  return (extra === undefined || extra === '' ? [system] : [system, extra]).map((file) => resolve(file))
}

interface DenyChecking {
  readonly env: Environment
  readonly report: Report
  readonly tables: ReadonlyMap<string, PermissionTable>
}

/** The deny file's faults and warnings. It is no part of the table: not of its hash, nor of the files to watch. */
async function checkDeny(file: string, { env, report, tables }: DenyChecking): Promise<void> {
  const known = (name: string) => [...tables.values()].some((table) => table.permissions.has(name))
  const deny = await loadDeny(file, env, known)
  if (deny.ok) report.warnings.push(...deny.warnings)
  else report.faults.push(...deny.faults)
}

function besideFile(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path)
}

interface TableLoading {
  readonly file: string
  readonly tree: Node
  readonly env: Environment
  readonly report: Report
  /** Every file that was read, in order. */
  readonly sources: Source[]
  /** Every file that was asked for, read or not. */
  readonly named: Set<string>
  readonly isServing: boolean
  readonly kept: KeptFiles | undefined
}

interface TableWanted {
  readonly api: string
  readonly path: string
  readonly trailingSlash: TrailingSlash
}

/** APIs may share a table: each file is read, and its faults told, once; what it says twice where they differ in slashes. */
function createTableLoader({ file, tree, env, report, sources, named, isServing, kept }: TableLoading) {
  const readAs = isServing ? readTableAside : readTable
  const files = new Map<string, Source | undefined>()
  const loaded = new Map<string, PermissionTable | undefined>()

  async function readFile(tableFile: string, api: string): Promise<Source | undefined> {
    named.add(tableFile)
    if (files.has(tableFile)) return files.get(tableFile)
    const read = await readKept(tableFile, kept)
    if (read.ok) sources.push(read.source)
    else {
      const place = placeOfValue(tree, ['apis', api, 'permissions'])
      report.fault(place, `the permission table of \`${api}\` ${read.message}`)
    }
    files.set(tableFile, read.ok ? read.source : undefined)
    return files.get(tableFile)
  }

  return async ({ api, path, trailingSlash }: TableWanted): Promise<PermissionTable | undefined> => {
    const tableFile = besideFile(file, path)
    const key = `${trailingSlash} ${tableFile}`
    if (loaded.has(key)) return loaded.get(key)
    const isKnown = files.has(tableFile)
    const source = await readFile(tableFile, api)
    const found = createReport()
    const table = source && (await readAs({ source, env, trailingSlash }, found))
    add(report.faults, found.faults, isKnown)
    add(report.warnings, found.warnings, isKnown)
    loaded.set(key, table)
    return table
  }
}

/** `isSecond`: what was found before is not told again. */
function add(told: Fault[], found: readonly Fault[], isSecond: boolean): void {
  const known = new Set(isSecond ? told.map(formatFault) : [])
  for (const fault of found) if (!known.has(formatFault(fault))) told.push(fault)
}

/**
 * SHA-256 over the raw bytes of all files, each with its name relative to the gateway file's folder and its length,
 * sorted by name. What variables hold is not part of it.
 */
function hashSources(file: string, sources: readonly Source[]): string {
  const named = sources.map((source) => [relative(dirname(file), source.file), source.bytes] as const)
  const hash = createHash('sha256')
  for (const [name, bytes] of named.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${Buffer.byteLength(name)}:${name}:${bytes.length}:`).update(bytes)
  }
  return hash.digest('hex')
}
