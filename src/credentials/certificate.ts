// Certificates by which a client shows who it is (RFC 8705): by the name in one that an authority has issued, or by the very one that was
// registered. Pure.

import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { ClientAuthMethod } from './oauth.ts'

/** The names by which a certificate is known, as RFC 8705 §2.1.2 has them. */
export const tlsSubjectKinds = ['subject_dn', 'san_dns', 'san_uri', 'san_ip', 'san_email'] as const
export type TlsSubjectKind = (typeof tlsSubjectKinds)[number]

const dnPart = /^\s*[A-Za-z0-9.-]+\s*=\s*\S/
const dnsName = /^(?:\*\.)?[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*$/

/** What a name of a kind must be; others are in no certificate. */
const forms: Readonly<Record<TlsSubjectKind, readonly [isOne: (name: string) => boolean, what: string]>> = {
  subject_dn: [
    (name) => partsOfDn(name).every((part) => dnPart.test(part)),
    'a distinguished name such as CN=books.example,O=Books',
  ],
  san_dns: [(name) => dnsName.test(name), 'a DNS name'],
  san_uri: [(name) => URL.canParse(name) && !/\s/.test(name), 'a URI'],
  san_ip: [(name) => isIP(name) !== 0, 'an IP address'],
  san_email: [(name) => /^[^\s@]+@[^\s@]+$/.test(name), 'an e-mail address'],
}

/** Why a name cannot be one of its kind, as the end of a sentence that begins with it; undefined: it can. */
export function whyNoName(kind: TlsSubjectKind, name: string): string | undefined {
  const [isOne, what] = forms[kind]
  return isOne(name) ? undefined : `must be ${what}`
}

const clientUse = '1.3.6.1.5.5.7.3.2'
const anyUse = '2.5.29.37.0'

/**
 * Whether one of the authorities has issued it itself, and it is in its time and for clients. Sessions that go on and certificates that a
 * proxy hands on are judged by the same. An authority between is to be listed, too.
 */
export function isIssuedBy(
  certificate: X509Certificate,
  { authorities, nowMs }: { readonly authorities: readonly X509Certificate[]; readonly nowMs: number },
): boolean {
  const uses: readonly string[] | undefined = certificate.keyUsage
  if (uses !== undefined && !uses.includes(clientUse) && !uses.includes(anyUse)) return false
  if (certificate.ca || !isInTime(certificate, nowMs)) return false
  return authorities.some(
    (authority) =>
      authority.ca &&
      isInTime(authority, nowMs) &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey),
  )
}

function isInTime({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs < Date.parse(validTo)
}

/** Whether a certificate has the name. Nothing stands for more than itself: no `*`, and DNS names in any case. */
export function hasName(certificate: X509Certificate, kind: TlsSubjectKind, expected: string): boolean {
  if (kind === 'subject_dn') {
    const own = certificate.subject.split('\n').toReversed()
    return canonicalDn(own.join(',')) === canonicalDn(expected)
  }
  if (kind === 'san_ip') return certificate.checkIP(expected) !== undefined
  if (kind === 'san_email') return certificate.checkEmail(expected, { subject: 'never' }) !== undefined
  const names = namesOf(certificate, kind === 'san_dns' ? 'DNS' : 'URI')
  return kind === 'san_dns'
    ? names.some((name) => name.toLowerCase() === expected.toLowerCase())
    : names.includes(expected)
}

/** Node's form of the field: `DNS:a.example, URI:"…"`, in JSON where a name holds what could be taken for another. */
function namesOf({ subjectAltName = '' }: X509Certificate, kind: string): string[] {
  const names: string[] = []
  const one = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y
  for (let found = one.exec(subjectAltName); found !== null; found = one.exec(subjectAltName)) {
    const [whole, of, text = ''] = found
    if (of === kind) names.push(text.startsWith('"') ? String(JSON.parse(text)) : text)
    if (one.lastIndex >= subjectAltName.length || whole === '') return names
  }
  // What cannot be read to its end says nothing.
  return []
}

/** RFC 4514, the last part first: blanks around its parts and the case of types do not count. */
function canonicalDn(text: string): string {
  return partsOfDn(text)
    .map((part) => {
      const at = part.indexOf('=')
      return `${part.slice(0, at).trim().toUpperCase()}=${part.slice(at + 1).trim()}`
    })
    .join(',')
}

function partsOfDn(text: string): readonly string[] {
  return text.match(/(?:[^,\\]|\\.)+/g) ?? []
}

/** Why a key of a JWKS is not one of a registered certificate; undefined: it is. */
export function whyNoCertificate(key: Readonly<Record<string, unknown>>): string | undefined {
  const [first]: unknown[] = Array.isArray(key['x5c']) ? key['x5c'] : []
  if (typeof first !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(first))
    return 'has no x5c with its certificate (base64 of DER)'
  try {
    const { publicKey } = new X509Certificate(Buffer.from(first, 'base64'))
    const own = publicKey.export({ format: 'jwk' })
    const isSame = (['kty', 'crv', 'x', 'y', 'n', 'e'] as const).every((name) => own[name] === key[name])
    return isSame ? undefined : 'is another key than that of its certificate'
  } catch {
    return 'has an x5c that is no certificate'
  }
}

/** By a certificate (RFC 8705), to which its tokens are bound then, if they are to be. */
export function isByCertificate(method: ClientAuthMethod): boolean {
  return method === 'tls_client_auth' || method === 'self_signed_tls_client_auth'
}
