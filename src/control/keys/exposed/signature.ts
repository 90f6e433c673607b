// Reports that are signed instead of coming with a token: GitHub's secret scanning signs the body as it is, by ECDSA over
// P-256 with SHA-256, and names the key in a header
// (https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partnership-program/secret-scanning-partner-program).

import { createPublicKey, verify } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { ScanningKeys } from '../../../config/scanning-schema.ts'

export const signatureHeaders = {
  identifier: 'github-public-key-identifier',
  signature: 'github-public-key-signature',
} as const

/** Whether a request is to be judged by its signature: it has no token, and says that it has one. */
export function isSigned(headers: IncomingHttpHeaders): boolean {
  return headers.authorization === undefined && headers[signatureHeaders.signature] !== undefined
}

/** A DER signature of P-256 has at most 72 bytes. */
const maxSignatureLength = 100

export type SignatureCheck = (headers: IncomingHttpHeaders, body: Buffer) => boolean

/** `keys`: as configured, and found to be keys of P-256. */
export function createSignatureCheck(keys: ScanningKeys): SignatureCheck {
  const byId = new Map(keys.map(({ id, key }) => [id, createPublicKey(key)]))
  return (headers, body) => {
    const { [signatureHeaders.identifier]: id, [signatureHeaders.signature]: signature } = headers
    const key = typeof id === 'string' ? byId.get(id) : undefined
    if (key === undefined || typeof signature !== 'string') return false
    if (signature.length > maxSignatureLength || !/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false
    return verify('sha256', body, key, Buffer.from(signature, 'base64'))
  }
}
