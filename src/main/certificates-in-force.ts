// The certificates of this process, as it runs: that for clients is renewed in place when its files change, a bad file leaves the pair
// before in force, and all of them are told of before they end. In log, metrics and /readyz, with the file's name.

import { notesOnNames, notesOnTime, type CertificateNote, type Dated } from '../config/certificate-notes.ts'
import { endOf, type Pair, type PairFiles, readCertificates, readPair } from '../config/certificates.ts'
import type { TlsSettings, Upstream } from '../config/compiled.ts'
import { stampOfFiles } from '../gateway/upstream/file-stamp.ts'
import type { Followed } from '../gateway/listener/tls.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { addCertificateMetrics, type Watched } from './certificate-metrics.ts'
import { StartError } from './start-error.ts'
import { handedOn } from './ticket-keys.ts'

export interface CertificatesInForce {
  /** null: the gateway speaks plain HTTP. */
  readonly pair: Followed<Pair> | null
  /** null: the control port speaks plain HTTP, or is another's. */
  readonly controlPair: Followed<Pair> | null
  /** What is to be told of them, in words. */
  notes(): readonly string[]
  /** Whether clients or upstreams turn away what they are shown, or will within days, or a file on disk is not in force. */
  isGrave(): boolean
  /** Looks at the files now. */
  look(): void
  stop(): void
}

export interface CertificateDeps {
  /** null: plain HTTP. */
  readonly tls: TlsSettings | null
  /** Of the control port. */
  readonly controlTls: TlsSettings | null
  /** Those in force. */
  readonly upstreams: () => Iterable<Upstream>
  /** Of all APIs in force. */
  readonly hosts: () => readonly string[]
  /** Its log has what is to be told; of several processes one is enough. */
  readonly isTelling: boolean
  /** Wall-clock milliseconds. */
  readonly now: () => number
  readonly log: Logger
  readonly metrics: Metrics
}

const lookEveryMs = 5_000
const tellEveryMs = 86_400_000

/** Throws a StartError when the pair of a port cannot be used. */
export function createCertificatesInForce(deps: CertificateDeps): CertificatesInForce {
  const { tls, controlTls, log, now } = deps
  const gateway = tls === null ? null : followPair('gateway', tls, log)
  const control = controlTls === null ? null : followPair('control', controlTls, log)
  const upstreams = new Map<string, ReadFiles>()

  /** Those of each upstream, read when they have changed. */
  function lookAtUpstreams(): void {
    const named = new Set<string>()
    for (const { name, origin, clientCertificate, caFiles } of deps.upstreams()) {
      if (!origin.startsWith('https:')) continue
      named.add(name)
      const before = upstreams.get(name)
      const read = readFiles({ clientCertificate, caFiles }, before)
      if (read !== before) upstreams.set(name, read)
    }
    for (const name of upstreams.keys()) if (!named.has(name)) upstreams.delete(name)
  }

  const names = () => (gateway === null ? [] : notesOnNames(gateway.dated(), deps.hosts()))

  function all(): CertificateNote[] {
    const nowMs = now()
    const dated = watched().flatMap(({ files }) => files)
    return [...dated.flatMap((one) => notesOnTime(one, nowMs)), ...names()]
  }

  const watched = (): Watched[] => [
    ...[...upstreams].map(([of, { files, fault }]) => ({ of, files, fault })),
    ...[gateway, control].flatMap((one) =>
      one === null ? [] : [{ of: one.of, files: [one.dated()], fault: one.fault() }],
    ),
  ]
  const faults = () => watched().flatMap(({ fault }) => fault ?? [])
  const told = new Map<string, number>()

  /** Each once a day, for as long as it is so. */
  function tell(): void {
    const notes = all()
    for (const key of told.keys()) if (!notes.some((note) => keyOf(note) === key)) told.delete(key)
    for (const note of notes) {
      const lastMs = told.get(keyOf(note))
      if (lastMs !== undefined && now() - lastMs < tellEveryMs) continue
      told.set(keyOf(note), now())
      const fields = { certificate: note.file, note: note.text }
      if (note.isGrave) log.error(fields, 'A certificate needs to be renewed')
      else log.warn(fields, 'A certificate needs to be looked at')
    }
  }

  function look(): void {
    gateway?.look()
    control?.look()
    lookAtUpstreams()
    if (deps.isTelling) tell()
  }

  look()
  addCertificateMetrics(deps, watched, gateway === null ? null : names)
  const timer = setInterval(look, lookEveryMs).unref()
  return {
    pair: gateway,
    controlPair: control,
    notes: () => [...faults(), ...all().map(({ text }) => text)],
    isGrave: () => faults().length > 0 || all().some((note) => note.isGrave),
    look,
    stop: () => clearInterval(timer),
  }
}

/** The hours that are left are no news. */
function keyOf({ file, kind, text }: CertificateNote): string {
  return kind === 'uncovered' || kind === 'unused' ? text : `${kind} ${file}`
}

interface PortPair extends Followed<Pair> {
  readonly of: 'gateway' | 'control'
  dated(): Dated & Pair
  /** Why the files on disk are not in force; undefined: they are. */
  fault(): string | undefined
  look(): void
}

function followPair(of: PortPair['of'], files: TlsSettings, log: Logger): PortPair {
  let seen = stampOf(files)
  const pair = handedOn(firstOf(of, files))
  let fault: string | undefined
  return {
    of,
    current: pair.current,
    follow: pair.follow,
    dated: () => ({ ...pair.current(), file: files.certFile }),
    fault: () => fault,
    look() {
      const stamp = stampOf(files)
      if (stamp === seen) return
      try {
        pair.take(readPair(files))
        seen = stamp
        fault = undefined
        log.info({ certificate: files.certFile }, 'Certificate renewed')
      } catch (error) {
        // Perhaps one of the two files is written already, and the other is not: it is tried again at the next look.
        const reason = `${reasonOf(error)}; the pair before stays in force`
        if (reason === fault) return
        fault = reason
        log.error(
          { certificate: files.certFile, reason },
          'The new certificate cannot be used; the old one stays',
        )
      }
    },
  }
}

function firstOf(of: PortPair['of'], files: TlsSettings): Pair {
  try {
    return readPair(files)
  } catch (error) {
    throw new StartError(`${of}.tls: ${reasonOf(error)}`)
  }
}

function stampOf({ certFile, keyFile }: PairFiles): string {
  return stampOfFiles([certFile, keyFile])
}

interface ReadFiles {
  readonly stamp: string
  readonly files: readonly Dated[]
  readonly fault: string | undefined
}

interface UpstreamFiles {
  readonly clientCertificate: PairFiles | null
  readonly caFiles: readonly string[]
}

/** What an upstream is shown, and what it is checked against. Where they cannot be used, its connections go on with those before. */
function readFiles({ clientCertificate, caFiles }: UpstreamFiles, before: ReadFiles | undefined): ReadFiles {
  const pairFiles = clientCertificate === null ? [] : [clientCertificate.certFile, clientCertificate.keyFile]
  const stamp = `${[...pairFiles, ...caFiles].join('|')} ${stampOfFiles([...pairFiles, ...caFiles])}`
  if (before?.stamp === stamp) return before
  try {
    const shown =
      clientCertificate === null
        ? []
        : [{ file: clientCertificate.certFile, chain: readPair(clientCertificate).chain }]
    return { stamp, files: [...shown, ...caFiles.flatMap(lastOf)], fault: undefined }
  } catch (error) {
    return { stamp, files: before?.files ?? [], fault: `${reasonOf(error)}; what was before stays in force` }
  }
}

/** A bundle may keep authorities that have ended beside others: what counts is the one that is valid for longest. */
function lastOf(file: string): Dated[] {
  const longest = readCertificates(file).toSorted((a, b) => endOf([b]) - endOf([a]))
  return [{ file, chain: longest.slice(0, 1) }]
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
