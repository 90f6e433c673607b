// Whether the public keys of secret scanners can be used: what the schema cannot say.

import { createPublicKey } from 'node:crypto'
import type { CheckedFile } from './check-settings.ts'
import { placeOfValue } from './tree.ts'

/** Reports keys that are none, or not of the kind that signs, and identifiers that stand there twice. */
export function checkScanning({ tree, file, report }: CheckedFile): void {
  const seen = new Set<string>()
  for (const [index, entry] of (file.control?.secret_scanning?.github ?? []).entries()) {
    const at = ['control', 'secret_scanning', 'github', index]
    const fault = entry?.key === undefined ? undefined : whyNoKey(entry.key)
    if (fault !== undefined) report.fault(placeOfValue(tree, [...at, 'key']), `\`key\` ${fault}`)
    if (entry?.id === undefined) continue
    if (seen.has(entry.id)) report.fault(placeOfValue(tree, [...at, 'id']), '`id` stands there twice')
    seen.add(entry.id)
  }
}

/** Says nothing of what it holds. */
function whyNoKey(pem: string): string | undefined {
  // Node makes a public key of a private one: that one has no place here.
  if (pem.includes('PRIVATE KEY')) return 'is a private key: the public one belongs here'
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem)
    const isP256 = asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isP256 ? undefined : 'is no key of the curve P-256'
  } catch {
    return 'is no public key in PEM'
  }
}
