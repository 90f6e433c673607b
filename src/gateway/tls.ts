// TLS to clients. Certificates are renewed in place while the process runs: the files are looked at every few seconds
// and read anew when they have changed; a pair that does not fit leaves the old one in force.

import { readFileSync } from 'node:fs'
import type { Server as HttpsServer } from 'node:https'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Settings } from '../config/compiled.ts'
import { stampOfFiles } from './file-stamp.ts'
import type { Logger } from '../telemetry/log.ts'

type TlsFiles = NonNullable<Settings['gateway']['tls']>

const lookEveryMs = 5_000

/** Options for the server; throws when the files cannot be read or do not fit together. */
export function tlsOptions(
  files: TlsFiles,
  handshakeTimeoutMs: number,
): SecureContextOptions & {
  handshakeTimeout: number
  ALPNProtocols: string[]
} {
  return {
    ...readPair(files),
    minVersion: 'TLSv1.2',
    handshakeTimeout: handshakeTimeoutMs,
    ALPNProtocols: ['http/1.1'],
  }
}

function readPair({ certFile, keyFile }: TlsFiles): { cert: Buffer; key: Buffer } {
  const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) }
  createSecureContext(pair)
  return pair
}

/** Keeps the server's certificate as on disk until the server closes. */
export function renewCertificate(server: HttpsServer, files: TlsFiles, log: Logger): void {
  const both = [files.certFile, files.keyFile]
  let seen = stampOfFiles(both)
  const timer = setInterval(() => {
    const stamp = stampOfFiles(both)
    if (stamp === seen) return
    try {
      server.setSecureContext({ ...readPair(files), minVersion: 'TLSv1.2' })
      seen = stamp
      log.info({ certificate: files.certFile }, 'Certificate renewed')
    } catch (error) {
      // Perhaps one of the two files is written already, and the other is not: it is tried again at the next look.
      const reason = error instanceof Error ? error.message : 'unknown'
      log.warn(
        { certificate: files.certFile, reason },
        'The new certificate cannot be used; the old one stays',
      )
    }
  }, lookEveryMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}
