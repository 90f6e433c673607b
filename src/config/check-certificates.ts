// The files with certificates and keys that a gateway file names, or a variable for it: whether they can be used. A start needs
// them, and `config check` unless told otherwise; what is loaded for less may be elsewhere than where it will run, so that a
// missing file is a warning then.

import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { type CertificateNote, notesOnNames, notesOnTime } from './certificate-notes.ts'
import { CertificateFault, endOf, readCertificates, readPair } from './certificates.ts'
import type { CheckedFile } from './check-settings.ts'
import { normalizeHost } from './hosts.ts'
import { postgresFiles } from './postgres-url.ts'
import { parseRedisUrl } from './redis-url.ts'
import { parsePostgresUrl } from './store-url.ts'
import { placeOfValue } from './tree.ts'

/** `all_but_tls`: a process that serves no clients needs no certificate to show them. */
export type NeededFiles = 'all' | 'all_but_tls'

export interface CertificateDemands {
  /** Of the gateway file. */
  readonly folder: string
  readonly nowMs: number
  /** Bundles that stand in for the authorities that Node has, absolute. */
  readonly authorities: readonly string[]
  /** undefined: none of them. */
  readonly needs: NeededFiles | undefined
  /** What has ended is a fault. */
  readonly refusesExpired: boolean
}

interface CertificateChecking extends CertificateDemands {
  readonly checked: CheckedFile
}

/** A file, or two, and where they are named. */
interface Named {
  readonly at: readonly string[]
  /** What a message begins with, where the place is not enough. */
  readonly of?: string
  /** It must be there. */
  readonly isNeeded: boolean
}

/** Reports files that cannot be used, and warns of what will end soon and of names that do not fit. */
export function checkCertificates(checked: CheckedFile, demands: CertificateDemands): void {
  const checking = { checked, ...demands }
  checkCiphers(checked)
  checkGateway(checking)
  checkControl(checking)
  checkPostgres(checking)
  checkRedis(checking)
  checkUpstreams(checking)
}

function checkGateway(checking: CertificateChecking): void {
  const tls = checking.checked.file.gateway?.tls
  if (tls?.cert === undefined || tls.key === undefined) return
  const named = { at: ['gateway', 'tls', 'cert'], isNeeded: checking.needs === 'all' }
  checkPair(checking, named, { cert: tls.cert, key: tls.key, hosts: hostsOf(checking.checked) })
}

/** Every process has a control port, for its probes at least. */
function checkControl(checking: CertificateChecking): void {
  const { tls, client_ca: authorities } = checking.checked.file.control ?? {}
  if (authorities !== undefined)
    checkAuthorities(
      checking,
      { at: ['control', 'client_ca'], isNeeded: checking.needs !== undefined },
      authorities,
    )
  if (tls?.cert === undefined || tls.key === undefined) return
  const named = { at: ['control', 'tls', 'cert'], isNeeded: checking.needs !== undefined }
  checkPair(checking, named, { cert: tls.cert, key: tls.key, hosts: null })
}

/** The driver finds its files from where the program runs. */
function checkPostgres(checking: CertificateChecking): void {
  const { urls = [] } = parsePostgresUrl(checking.checked.file.postgres ?? '') ?? {}
  const files = new Map(urls.slice(0, 1).flatMap(postgresFiles))
  const isNeeded = checking.needs !== undefined
  const named = (name: string) => ({ at: ['postgres'], of: `${name} of the Postgres URL: `, isNeeded })
  const [authorities, cert, key] = ['sslrootcert', 'sslcert', 'sslkey'].map((name) => files.get(name))
  if (authorities !== undefined) checkAuthorities(checking, named('sslrootcert'), resolve(authorities))
  if (cert !== undefined && key !== undefined)
    checkPair(checking, named('sslcert'), { cert: resolve(cert), key: resolve(key), hosts: null })
}

function checkRedis(checking: CertificateChecking): void {
  const named = { at: ['redis'], isNeeded: checking.needs !== undefined }
  const tls = parseRedisUrl(checking.checked.file.redis ?? '')?.tls
  if (tls?.ca !== undefined) checkAuthorities(checking, named, tls.ca)
  if (tls?.cert !== undefined && tls.key !== undefined)
    checkPair(checking, named, { cert: tls.cert, key: tls.key, hosts: null })
}

/** Nobody looks at certificates over plain http. */
function checkUpstreams(checking: CertificateChecking): void {
  let usesAuthorities = checking.authorities.length > 0
  for (const [name, upstream] of Object.entries(checking.checked.file.upstreams ?? {})) {
    const at = ['upstreams', name]
    const of = `upstream ${name}: `
    // All of its targets are alike in that.
    const url = upstream?.url ?? upstream?.targets?.[0]?.url
    const isPlain = /^http:/i.test(url ?? '')
    const isNeeded = checking.needs !== undefined && !isPlain
    if (upstream?.ca !== undefined)
      checkAuthorities(checking, { at: [...at, 'ca'], of, isNeeded }, upstream.ca)
    else if (!isPlain && usesAuthorities) {
      // Once for all that go by them.
      usesAuthorities = false
      const place = upstream?.url === undefined ? 'targets' : 'url'
      const named = { at: [...at, place], of: 'SSL_CERT_FILE or NODE_EXTRA_CA_CERTS: ', isNeeded }
      for (const file of checking.authorities) readAll(checking, named, file)
    }
    if (upstream?.cert === undefined || upstream.key === undefined) continue
    const named = { at: [...at, 'cert'], of, isNeeded }
    checkPair(checking, named, { cert: upstream.cert, key: upstream.key, hosts: null })
  }
}

interface PairNames {
  readonly cert: string
  readonly key: string
  /** null: it is shown to a server, and names no host. */
  readonly hosts: readonly string[] | null
}

function checkPair(checking: CertificateChecking, named: Named, { cert, key, hosts }: PairNames): void {
  const { folder, nowMs } = checking
  const file = resolve(folder, cert)
  reading(checking, named, () => {
    const { chain } = readPair({ certFile: file, keyFile: resolve(folder, key) })
    return [
      ...notesOnTime({ file, chain }, nowMs),
      ...(hosts === null ? [] : notesOnNames({ file, chain }, hosts)),
    ]
  })
}

/** A bundle may keep authorities that have ended beside others: what counts is the one that is valid for longest. */
function checkAuthorities(checking: CertificateChecking, named: Named, path: string): void {
  const file = resolve(checking.folder, path)
  reading(checking, named, () => {
    const longest = readCertificates(file).toSorted((a, b) => endOf([b]) - endOf([a]))
    return notesOnTime({ file, chain: longest.slice(0, 1) }, checking.nowMs)
  })
}

/** Of the machine: its authorities come and go, and are not ours to renew. */
function readAll(checking: CertificateChecking, named: Named, file: string): void {
  reading(checking, named, () => {
    readCertificates(file)
    return []
  })
}

function reading(
  { checked, refusesExpired }: CertificateChecking,
  { at, of = '', isNeeded }: Named,
  read: () => readonly CertificateNote[],
): void {
  const { report, tree } = checked
  const place = placeOfValue(tree, at)
  try {
    for (const { kind, text } of read()) {
      if (kind === 'expired' && refusesExpired) report.fault(place, of + text)
      else report.warn(place, of + text)
    }
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    if (error.isMissing && !isNeeded)
      report.warn(place, `${of}${error.message}: it must be there at the start`)
    else report.fault(place, of + error.message)
  }
}

function checkCiphers({ tree, file, report }: CheckedFile): void {
  for (const plane of ['gateway', 'control'] as const) {
    const ciphers = file[plane]?.tls?.ciphers
    if (ciphers === undefined) continue
    try {
      createSecureContext({ ciphers })
    } catch {
      report.fault(
        placeOfValue(tree, [plane, 'tls', 'ciphers']),
        '`ciphers` is no list of ciphers that this OpenSSL has (`openssl ciphers` shows them)',
      )
    }
  }
}

function hostsOf({ file }: CheckedFile): string[] {
  const environments = Object.values(file.apis ?? {}).flatMap((api) => Object.values(api?.environments ?? {}))
  const hosts = environments.flatMap((environment) => environment?.hosts ?? [])
  return [...new Set(hosts.filter((host) => host !== undefined).map(normalizeHost))]
}
