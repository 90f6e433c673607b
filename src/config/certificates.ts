// Certificates and keys in files: read, and held against each other. A pair that does not belong together is taken by OpenSSL
// without a word, and every handshake then fails.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { whyUnreadable } from './file-fault.ts'

export interface PairFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate with its chain, and the private key that belongs to it. */
export interface Pair {
  readonly cert: Buffer
  readonly key: Buffer
  /** Those of the file, the first of them that of the key. */
  readonly chain: readonly [X509Certificate, ...X509Certificate[]]
}

/** A file with certificates or a key that cannot be used. Its message begins with the file's name. */
export class CertificateFault extends Error {
  override readonly name = 'CertificateFault'
  /** There is no such file: it may be elsewhere than where it is looked for. */
  readonly isMissing: boolean

  constructor(file: string, fault: string, isMissing = false) {
    // Where a variable holds the key itself instead of its file, it must not be told.
    super(`${/[\r\n]|-----/.test(file) ? 'what is no name of a file' : file}: ${fault}`)
    this.isMissing = isMissing
  }
}

/** Throws a CertificateFault. */
export function readPair({ certFile, keyFile }: PairFiles): Pair {
  const cert = readBytes(certFile)
  const chain = parseCertificates(certFile, cert)
  const key = readBytes(keyFile)
  if (!chain[0].checkPrivateKey(parseKey(keyFile, key))) {
    throw new CertificateFault(keyFile, `the private key is not that of the certificate in ${certFile}`)
  }
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new CertificateFault(certFile, `cannot be used: ${reasonOf(error)}`)
  }
  return { cert, key, chain }
}

/** Certificates in a PEM file, at least one. Throws a CertificateFault. */
export function readCertificates(file: string): readonly [X509Certificate, ...X509Certificate[]] {
  return parseCertificates(file, readBytes(file))
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new CertificateFault(file, whyUnreadable(error), isMissing)
  }
}

/** OpenSSL takes a file without any certificate for an empty list, and then trusts nobody without saying why. */
function parseCertificates(file: string, bytes: Buffer): readonly [X509Certificate, ...X509Certificate[]] {
  const blocks = bytes
    .toString('latin1')
    .match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g)
  try {
    const [first, ...rest] = (blocks ?? []).map((block) => new X509Certificate(block))
    if (first !== undefined) return [first, ...rest]
  } catch (error) {
    throw new CertificateFault(file, `holds a certificate that cannot be read: ${reasonOf(error)}`)
  }
  throw new CertificateFault(file, 'holds no certificate (PEM)')
}

function parseKey(file: string, bytes: Buffer): KeyObject {
  try {
    return createPrivateKey(bytes)
  } catch {
    // What OpenSSL says of it may quote it.
    throw new CertificateFault(file, 'holds no private key (PEM, without a passphrase)')
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}

/** Host names that a certificate is for, lower-case; `*.` before one: each a label below it. */
export function namesOf(certificate: X509Certificate): readonly string[] {
  return [...(certificate.subjectAltName ?? '').matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name = '']) =>
    name.toLowerCase(),
  )
}

/** Whether a name of a certificate is for this host (RFC 6125 §6.4.3: a whole label, the leftmost, may be `*`). */
export function isNameOf(name: string, host: string): boolean {
  if (!name.startsWith('*.')) return name === host
  const dot = host.indexOf('.')
  return dot > 0 && host.slice(dot) === name.slice(1)
}

/** When the first of them is valid no more, in milliseconds since the epoch. */
export function endOf(chain: readonly X509Certificate[]): number {
  return Math.min(...chain.map(({ validTo }) => Date.parse(validTo)))
}
