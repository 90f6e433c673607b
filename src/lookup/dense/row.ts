// An entry as a row of bytes. What many have in common is a number in it; ids that are none of this program's own making
// are kept with that, as they are.

import type { CredentialRecord } from '../../credentials/record.ts'
import type { KnownEntry } from '../entry.ts'
import { packedBytes, packId, type Prefixes, prefixOf, unpackIds } from './packed-id.ts'

const ids = 32
const common = ids + 3 * packedBytes
const revision = common + 4
const recordRevision = revision + 6
const expires = recordRevision + 6
const confirmed = expires + 6
const offer = confirmed + 4
const history = offer + 4
/** The digest comes first, in 32. */
export const rowBytes = history + 2

const never = 2 ** 48 - 1
const mostHistories = 2 ** 15

/** What is the same in many records: all but what the row itself holds. */
export type Common = Omit<CredentialRecord, 'revision' | 'expiresAtMs'> & {
  /** Beginnings of the merchant's id and of the row's own two; null: they are here, whole. */
  readonly prefixes: Prefixes | null
}

/** The three ids of which nearly each record has its own: its merchant's; a key's and its secret's, or a token's and its grant's. */
function idsOf({ merchantId, keyId, secretId, token }: CredentialRecord): [string, string, string] {
  return token === null ? [merchantId, keyId, secretId] : [merchantId, token.id, secretId]
}

/** Whether an entry fits into a row: what came of so many histories, or was never confirmed, does not. */
export function fitsRow({ history, confirmedAt, offerAt, revision, record }: KnownEntry): boolean {
  const areCounts = [revision, record.revision, record.expiresAtMs ?? 0].every((n) => n >= 0 && n < never)
  // What was confirmed before this process began has a time below zero.
  const areTimes = [confirmedAt, offerAt].every((ms) => Math.abs(ms) < 1_000 * 2 ** 31)
  return areCounts && areTimes && history < mostHistories
}

/** Writes all but the digest and the number of what is common; returns that. `at` is where the row begins. */
export function writeRow(bytes: Buffer, at: number, entry: KnownEntry): Common {
  const { record } = entry
  writeState(bytes, at, entry)
  bytes.writeUIntLE(record.revision, at + recordRevision, 6)
  bytes.writeUIntLE(record.expiresAtMs ?? never, at + expires, 6)
  const whole = idsOf(record)
  const { token } = record
  // A token's secret is its grant or, where it has none, its client.
  const isUsual = token === null || token.grantId === null || token.grantId === record.secretId
  const arePacked = isUsual && whole.every((id, i) => packId(bytes, at + ids + i * packedBytes, id))
  const { revision: _, expiresAtMs: __, ...shared } = record
  if (!arePacked) return { ...shared, prefixes: null }
  const [merchant, own, other] = whole
  const prefixes = [prefixOf(merchant), prefixOf(own), prefixOf(other)] as const
  if (token === null) return { ...shared, merchantId: '', keyId: '', secretId: '', prefixes }
  return {
    ...{ ...shared, merchantId: '', secretId: '', prefixes },
    token: { ...token, id: '', grantId: token.grantId === null ? null : '' },
  }
}

/** What changes as an entry is used. */
export function writeState(bytes: Buffer, at: number, entry: KnownEntry): void {
  bytes.writeUIntLE(entry.revision, at + revision, 6)
  // To whole seconds, on the careful side.
  bytes.writeInt32LE(Math.floor(entry.confirmedAt / 1_000), at + confirmed)
  bytes.writeInt32LE(Math.floor(entry.offerAt / 1_000), at + offer)
  bytes.writeUInt16LE(entry.history * 2 + Number(entry.isOwn), at + history)
}

export function writeCommon(bytes: Buffer, at: number, number: number): void {
  bytes.writeUInt32LE(number, at + common)
}

export function commonAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + common)
}

/** An entry equal to the one that was written, to be checked against the feed. */
export function readRow(bytes: Buffer, at: number, shared: Common): KnownEntry {
  const expiresAtMs = bytes.readUIntLE(at + expires, 6)
  const stood = bytes.readUInt16LE(at + history)
  return {
    record: recordOf(bytes, at, {
      shared,
      revision: bytes.readUIntLE(at + recordRevision, 6),
      expiresAtMs: expiresAtMs === never ? null : expiresAtMs,
    }),
    revision: bytes.readUIntLE(at + revision, 6),
    version: -1,
    history: stood >> 1,
    confirmedAt: bytes.readInt32LE(at + confirmed) * 1_000,
    offerAt: bytes.readInt32LE(at + offer) * 1_000,
    isOwn: (stood & 1) === 1,
  }
}

interface Own {
  readonly shared: Common
  readonly revision: number
  readonly expiresAtMs: number | null
}

function recordOf(bytes: Buffer, at: number, { shared, revision, expiresAtMs }: Own): CredentialRecord {
  const { prefixes, token } = shared
  const [merchantId, ownId, secretId] =
    prefixes === null
      ? [shared.merchantId, token === null ? shared.keyId : token.id, shared.secretId]
      : unpackIds(bytes, at + ids, prefixes)
  // Each by name: all records have one shape, wherever they come from.
  return {
    kind: shared.kind,
    keyId: token === null ? ownId : shared.keyId,
    secretId,
    merchantId,
    api: shared.api,
    environment: shared.environment,
    status: shared.status,
    merchantStatus: shared.merchantStatus,
    permissions: shared.permissions,
    expiresAtMs,
    secretExpiresAtMs: shared.secretExpiresAtMs,
    limits: shared.limits,
    token: token && {
      id: ownId,
      userId: token.userId,
      grantId: token.grantId === '' ? secretId : token.grantId,
      jkt: token.jkt,
    },
    revision,
  }
}
