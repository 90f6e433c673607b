// Codes of authenticator apps (RFC 6238: SHA-1, 6 digits, 30 s, which all of them know), and the recovery codes for whoever has lost
// theirs.

import { hash, randomInt } from 'node:crypto'
import { Secret as SharedSecret, TOTP } from 'otpauth'

const stepMs = 30_000
const digits = 6
/** Clocks may be so many steps apart, either way (RFC 6238 §5.2 knows one). */
const apart = 1
/** RFC 4226 §4: 160 bits. */
const secretBytes = 20

/** A new shared secret, in base32. */
export function newSharedSecret(): string {
  return new SharedSecret({ size: secretBytes }).base32
}

/** What an app reads from a QR code. */
export function keyUri(secret: string, whose: { readonly issuer: string; readonly email: string }): string {
  return totpOf(secret, whose).toString()
}

/** The step whose code this is, within the clocks' distance; undefined: it is none of them. */
export function stepOfCode(secret: string, code: string, nowMs: number): number | undefined {
  if (!isCode(code)) return undefined
  const delta = totpOf(secret).validate({ token: code, timestamp: nowMs, window: apart })
  return delta === null ? undefined : Math.floor(nowMs / stepMs) + delta
}

/** As people type it, with blanks. */
export function plainCode(text: string): string {
  return text.replace(/[\s-]/g, '').toUpperCase()
}

export function isCode(text: string): boolean {
  return /^\d{6}$/.test(text)
}

function totpOf(secret: string, whose?: { readonly issuer: string; readonly email: string }): TOTP {
  return new TOTP({
    ...(whose !== undefined && { issuer: whose.issuer, label: whose.email }),
    ...{ algorithm: 'SHA1', digits, period: stepMs / 1000, secret: SharedSecret.fromBase32(secret) },
  })
}

// RFC 4648 §6: neither 0 and 1 nor 8 and 9.
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const recoveryLength = 16
export const recoveryCodes = 10

/** 80 bits, so that its digest alone leads nobody back to it. */
export function newRecoveryCode(): string {
  const text = Array.from({ length: recoveryLength }, () => letters.charAt(randomInt(letters.length))).join(
    '',
  )
  return (text.match(/.{4}/g) ?? []).join('-')
}

export function isRecoveryCode(plain: string): boolean {
  return /^[A-Z2-7]{16}$/.test(plain)
}

/** Lower-case hex SHA-256, each person's own. */
export function recoveryDigest(personId: string, plain: string): string {
  return hash('sha256', `latchkey recovery ${personId} ${plain}`, 'hex')
}

/** A sealed secret is one person's. */
export function totpPlace(personId: string): string {
  return `totp ${personId}`
}
