// The public keys by which a client shows who it is (RFC 7517, RFC 7523). Pure.

const required: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'x', 'y'],
  RSA: ['n', 'e'],
  OKP: ['crv', 'x'],
}
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/** Why it cannot be such a key; undefined: it can. */
export function whyNoClientKey(key: Readonly<Record<string, unknown>>): string | undefined {
  if (secretMembers.some((name) => name in key)) return 'holds a private key, which must stay with the client'
  const members = Object.hasOwn(required, String(key['kty'])) ? required[String(key['kty'])] : undefined
  if (members === undefined) return 'must be of type EC, RSA or OKP'
  const missing = members.find((name) => typeof key[name] !== 'string')
  return missing === undefined ? undefined : `has no ${missing}`
}
