// The files that connections to an upstream are made with: authorities to trust, a certificate to show.

import type { SecureContextOptions } from 'node:tls'
import { readCertificates as readAuthorities, readPair } from '../../config/certificates.ts'
import type { Upstream } from '../../config/compiled.ts'

/** Every file of an upstream's connections. */
export function certificateFiles({ origin, caFiles, clientCertificate }: Upstream): string[] {
  if (!origin.startsWith('https:')) return []
  const pair = clientCertificate === null ? [] : [clientCertificate.certFile, clientCertificate.keyFile]
  return [...caFiles, ...pair]
}

/** Options to connect with. Throws, with the files' names, when one cannot be read or they do not fit together. */
export function readCertificates(upstream: Upstream): SecureContextOptions {
  const { name, caFiles, clientCertificate } = upstream
  if (certificateFiles(upstream).length === 0) return {}
  try {
    const pair = clientCertificate === null ? null : readPair(clientCertificate)
    return {
      ...(caFiles.length > 0 && { ca: caFiles.flatMap(readAuthorities).map(String) }),
      ...(pair !== null && { cert: pair.cert, key: pair.key }),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    throw new Error(`upstream ${name}: ${reason}`, { cause: error })
  }
}
