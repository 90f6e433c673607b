// The certificates that a process cannot do without, looked at before anything else is done: a start that cannot come to its
// end must not have changed a database on its way.

import { CertificateFault, readPair } from '../config/certificates.ts'
import type { Settings } from '../config/compiled.ts'
import { readCertificates } from '../gateway/upstream/certificates.ts'
import type { Role } from './core.ts'
import { StartError } from './start-error.ts'

/** Throws a StartError that names the first file that cannot be used, and what it is for. */
export function refuseUnusableFiles({ gateway: { tls }, upstreams }: Settings, role: Role): void {
  if (tls !== null && role !== 'control') using('gateway.tls: ', () => void readPair(tls))
  for (const upstream of upstreams.values()) using('', () => void readCertificates(upstream))
}

/** What is thrown of an upstream names it already. */
function using(of: string, read: () => void): void {
  try {
    read()
  } catch (error) {
    const isFault = error instanceof CertificateFault
    if (error instanceof Error && (isFault || error.cause instanceof CertificateFault))
      throw new StartError(of + error.message)
    throw error
  }
}
