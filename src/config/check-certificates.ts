// The files with certificates and keys that a gateway file names: whether they can be used, as far as they are here. What is checked
// before a rollout may be elsewhere than where it will run, so that a missing file is a warning; the start refuses it.

import { resolve } from 'node:path'
import { createSecureContext } from 'node:tls'
import { notesOnNames, notesOnTime } from './certificate-notes.ts'
import { CertificateFault, readCertificates, readPair } from './certificates.ts'
import type { CheckedFile } from './check-settings.ts'
import { normalizeHost } from './hosts.ts'
import { parseRedisUrl } from './redis-url.ts'
import { placeOfValue } from './tree.ts'

interface CertificateChecking {
  readonly checked: CheckedFile
  /** The absolute path of what the gateway file names. */
  readonly resolved: (path: string) => string
  readonly nowMs: number
}

/** Reports files that cannot be used, and warns of what will end soon and of names that do not fit. `folder`: of the gateway file. */
export function checkCertificates(checked: CheckedFile, folder: string, nowMs: number): void {
  const checking = { checked, resolved: (path: string) => resolve(folder, path), nowMs }
  const { file } = checked
  checkCiphers(checked)
  const tls = file.gateway?.tls
  if (tls?.cert !== undefined && tls.key !== undefined) {
    checkPair(checking, {
      at: ['gateway', 'tls', 'cert'],
      cert: tls.cert,
      key: tls.key,
      hosts: hostsOf(checked),
    })
  }
  const control = file.control?.tls
  if (control?.cert !== undefined && control.key !== undefined) {
    const at = ['control', 'tls', 'cert']
    checkPair(checking, { at, cert: control.cert, key: control.key, hosts: null })
  }
  const redis = parseRedisUrl(file.redis ?? '')?.tls
  if (redis?.ca !== undefined) checkAuthorities(checking, ['redis'], redis.ca)
  if (redis?.cert !== undefined && redis.key !== undefined) {
    checkPair(checking, { at: ['redis'], cert: redis.cert, key: redis.key, hosts: null })
  }
  for (const [name, upstream] of Object.entries(file.upstreams ?? {})) {
    const at = ['upstreams', name]
    if (upstream?.ca !== undefined) checkAuthorities(checking, [...at, 'ca'], upstream.ca)
    if (upstream?.cert === undefined || upstream.key === undefined) continue
    checkPair(checking, { at: [...at, 'cert'], cert: upstream.cert, key: upstream.key, hosts: null })
  }
}

interface NamedPair {
  /** Of the place where the certificate is named. */
  readonly at: readonly string[]
  readonly cert: string
  readonly key: string
  /** null: it is shown to a server, and names no host. */
  readonly hosts: readonly string[] | null
}

function checkPair(checking: CertificateChecking, { at, cert, key, hosts }: NamedPair): void {
  const place = placeOfValue(checking.checked.tree, at)
  const certFile = checking.resolved(cert)
  reading(checking, at, () => {
    const { chain } = readPair({ certFile, keyFile: checking.resolved(key) })
    const dated = { file: certFile, chain }
    const notes = [
      ...notesOnTime(dated, checking.nowMs),
      ...(hosts === null ? [] : notesOnNames(dated, hosts)),
    ]
    for (const { text } of notes) checking.checked.report.warn(place, text)
  })
}

function checkAuthorities(checking: CertificateChecking, at: readonly string[], path: string): void {
  reading(checking, at, () => void readCertificates(checking.resolved(path)))
}

function reading({ checked }: CertificateChecking, at: readonly string[], read: () => void): void {
  const { report, tree } = checked
  try {
    read()
  } catch (error) {
    if (!(error instanceof CertificateFault)) throw error
    const place = placeOfValue(tree, at)
    if (error.isMissing) report.warn(place, `${error.message}: it must be there at the start`)
    else report.fault(place, error.message)
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
