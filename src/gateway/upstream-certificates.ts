// The files that connections to an upstream are made with: authorities to trust, a certificate to show.

import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import type { Upstream } from '../config/compiled.ts'

/** Every file of an upstream's connections. */
export function certificateFiles({ caFile, clientCertificate }: Upstream): string[] {
  const pair = clientCertificate === null ? [] : [clientCertificate.certFile, clientCertificate.keyFile]
  return caFile === null ? pair : [caFile, ...pair]
}

/** Options to connect with. Throws, with the files' names, when one cannot be read or they do not fit together. */
export function readCertificates(upstream: Upstream): SecureContextOptions {
  const { name, caFile, clientCertificate } = upstream
  const files = certificateFiles(upstream)
  if (files.length === 0) return {}
  try {
    const certificates = {
      ...(caFile !== null && { ca: readAuthorities(caFile) }),
      ...(clientCertificate !== null && {
        cert: readFileSync(clientCertificate.certFile),
        key: readFileSync(clientCertificate.keyFile),
      }),
    }
    createSecureContext(certificates)
    return certificates
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    throw new Error(`upstream ${name}: ${files.join(', ')} cannot be used: ${reason}`, { cause: error })
  }
}

/** OpenSSL takes a file without any certificate for an empty list, and then trusts nobody without saying why. */
function readAuthorities(file: string): string[] {
  const text = readFileSync(file, 'latin1')
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (found === null) throw new Error(`${file} holds no certificate (PEM)`)
  return found.map((one) => new X509Certificate(one).toString())
}
