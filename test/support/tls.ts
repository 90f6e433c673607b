// Certificates for tests: an authority, two for a server at localhost and 127.0.0.1, one for a client. They guard
// nothing; the authority's key was thrown away.

import { fileURLToPath } from 'node:url'

/** Path of a file in test/support/tls, also from the build. */
export function tlsFile(name: string): string {
  return fileURLToPath(new URL(`../../../test/support/tls/${name}`, import.meta.url))
}
