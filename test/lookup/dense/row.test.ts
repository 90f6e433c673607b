import t from 'tap'
import type { CredentialRecord } from '../../../src/credentials/record.ts'
import { fitsRow, readRow, rowBytes, writeRow, writeState } from '../../../src/lookup/dense/row.ts'
import type { KnownEntry } from '../../../src/lookup/entry.ts'
import { createIds } from '../../../src/telemetry/request-id.ts'
import { recordOf } from '../subject.ts'

const newId = createIds(Date.now)

function entryOf(record: CredentialRecord, of: Partial<KnownEntry> = {}): KnownEntry {
  const state = { revision: 7, version: -1, history: 1 }
  return { record, ...state, confirmedAt: 12_000, offerAt: 312_000, isOwn: true, ...of }
}

/** As it comes out of a row, with the bytes of others around it. */
function passed(entry: KnownEntry): KnownEntry {
  const bytes = Buffer.alloc(3 * rowBytes, 0xa5)
  const common = writeRow(bytes, rowBytes, entry)
  t.ok(
    bytes.subarray(0, rowBytes + 32).every((byte) => byte === 0xa5),
    'the digest is not touched',
  )
  t.ok(bytes.subarray(2 * rowBytes).every((byte) => byte === 0xa5))
  return readRow(bytes, rowBytes, structuredClone(common))
}

const key = { keyId: newId('key'), secretId: newId('sec'), merchantId: newId('mer') }
const grantId = newId('grt')
const token = { id: newId('atk'), userId: newId('usr'), grantId, jkt: 'thumb' }
const kind = 'access_token'
const records: Record<string, CredentialRecord> = {
  'a key': recordOf({ ...key, revision: 2 ** 40 }),
  'a key with all that one can have': recordOf({
    ...key,
    permissions: ['*'],
    expiresAtMs: 4_102_444_800_123,
    secretExpiresAtMs: 1_700_000_000_001,
    status: 'disabled',
    merchantStatus: 'suspended',
    limits: { allowedIps: ['10.0.0.0/8'], rates: {}, inFlight: 3, merchant: null },
  }),
  'ids of others': recordOf({ ...key, keyId: 'key_imported', expiresAtMs: 1 }),
  'a merchant of another form': recordOf({ ...key, merchantId: 'mer_a' }),
  'a token of a grant': recordOf({
    kind,
    keyId: newId('cli'),
    secretId: grantId,
    merchantId: newId('mer'),
    token,
  }),
  'a token of a client': recordOf({
    ...{ kind, keyId: 'cli_x', secretId: 'cli_x', merchantId: newId('mer') },
    token: { id: newId('atk'), userId: null, grantId: null, jkt: null },
  }),
  'a token whose secret is not its grant': recordOf({ kind, ...key, token }),
}

for (const [name, record] of Object.entries(records)) {
  t.test(`${name}: what comes out of a row is what was written`, (t) => {
    const entry = entryOf(record)
    t.strictSame(passed(entry), entry)
    t.end()
  })
}

t.test('what hangs on use alone is written anew, times in whole seconds on the careful side', (t) => {
  const entry = entryOf(recordOf(key))
  const bytes = Buffer.alloc(rowBytes)
  const common = writeRow(bytes, 0, entry)
  writeState(bytes, 0, { ...entry, revision: 2 ** 41, offerAt: 999_999, confirmedAt: 12_999, isOwn: false })
  t.match(readRow(bytes, 0, common), {
    ...{ revision: 2 ** 41, offerAt: 999_000, confirmedAt: 12_000, isOwn: false },
    ...{ version: -1, history: 1, record: { revision: 1 } },
  })
  t.end()
})

t.test('what was confirmed before the process began is as good as all else', (t) => {
  const entry = entryOf(recordOf(key), { confirmedAt: -600_000, offerAt: -300_000 })
  t.ok(fitsRow(entry))
  t.strictSame(passed(entry), entry)
  t.end()
})

t.test('what would come out otherwise does not fit', (t) => {
  const record = recordOf(key)
  t.ok(fitsRow(entryOf(record)))
  for (const of of [
    { revision: 2 ** 48 },
    { history: 2 ** 15 },
    { confirmedAt: Number.NEGATIVE_INFINITY },
    { offerAt: Number.POSITIVE_INFINITY },
  ])
    t.notOk(fitsRow(entryOf(record, of)), JSON.stringify(of))
  t.notOk(fitsRow(entryOf({ ...record, expiresAtMs: -1 })))
  t.end()
})
