// Whether the audit is as it was written: its chain is read and compared, a part of it a call.

import { Type } from 'typebox'
import {
  chainBeginning,
  type ChainFault,
  chainFaultKinds,
  type ChainPlace,
  digestOfLink,
  type EntriesPlace,
  entriesToVerify,
  sealAudit,
  verifyEnd,
  verifyEntries,
  verifyLinks,
} from '../../store/audit/audit-chain-table.ts'
import type { Postgres } from '../../store/postgres.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { readCursor } from '../cursor.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'

export const verificationSchema = Type.Object({
  checked: Type.Integer({ description: 'Links and entries that were compared in this call' }),
  forgotten: Type.Integer({ description: 'Links at the beginning whose entries are kept no longer' }),
  faults: Type.Array(
    Type.Object({
      kind: Type.Enum([...chainFaultKinds]),
      entry: Type.Union([Type.Integer(), Type.Null()], { description: '`id` of the entry' }),
      seq: Type.Union([Type.Integer(), Type.Null()], { description: 'Number of its link' }),
      message: Type.String(),
    }),
  ),
  end: Type.Object(
    { seq: Type.Integer(), sha256: Type.String() },
    { description: 'The last link so far: the log has it too, under the same number' },
  ),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})

const doc = {
  summary:
    'Whether entries of the audit were changed, removed or put in; a part a call, to be followed to its end',
  status: 200,
  answer: verificationSchema,
  errors: ['STORE_UNAVAILABLE'],
} as const satisfies RouteDoc

const query = Type.Object(
  {
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    anchor: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]{0,14}:[0-9a-f]{64}$',
        description: 'Number and digest of a link as the log has it: it must be there still',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Of one question; of one call. */
const batchSize = 5_000
const mostInCall = 20_000
/** Then the call ends, and the next goes on. */
const mostFaults = 100

/** Where a call goes on: first along the links, then along the entries. */
interface Stand {
  readonly place: ChainPlace
  /** null: links are left. */
  readonly entries: EntriesPlace | null
}

interface Found {
  readonly stand: Stand
  readonly checked: number
  readonly forgotten: number
  readonly faults: readonly ChainFault[]
  readonly isEnd: boolean
}

export function serveAuditVerification(app: ControlApp, deps: AdminDeps): void {
  app.get('/audit/verify', { schema: { querystring: query }, config: { doc } }, async (request) => {
    const given = readCursor(request.query.cursor, isStand)
    // What was done a moment ago is to be in it.
    if (given === null) await sealRest(deps.db)
    const found = await goOn(deps.db, given ?? { place: chainBeginning, entries: null })
    const { place } = found.stand
    const faults = [...(await anchorFaults(deps.db, request.query.anchor)), ...found.faults]
    return {
      checked: found.checked,
      forgotten: found.forgotten,
      faults: faults.map((fault) => ({ ...fault })),
      end: { seq: place.seq, sha256: place.digest },
      next_cursor: found.isEnd ? null : cursorOf(found.stand),
    }
  })
}

async function anchorFaults(db: Postgres, anchor: string | undefined): Promise<readonly ChainFault[]> {
  const [seq, digest] = anchor?.split(':') ?? []
  if (seq === undefined || (await digestOfLink(db, Number(seq))) === digest) return []
  const message = `link ${seq} is not the one that the log has`
  return [{ kind: 'broken', entry: null, seq: Number(seq), message }]
}

async function sealRest(db: Postgres): Promise<void> {
  for (let batch = 0; batch * batchSize < mostInCall; batch++) {
    const sealed = await sealAudit(db, batchSize)
    if (sealed === undefined || sealed.count < batchSize) return
  }
}

async function goOn(db: Postgres, from: Stand): Promise<Found> {
  let found: Found = { stand: from, checked: 0, forgotten: 0, faults: [], isEnd: false }
  while (!found.isEnd && found.checked < mostInCall && found.faults.length < mostFaults) {
    const next = await step(db, found.stand)
    found = {
      stand: next.stand,
      checked: found.checked + next.checked,
      forgotten: found.forgotten + next.forgotten,
      faults: [...found.faults, ...next.faults],
      isEnd: next.isEnd,
    }
  }
  return found
}

async function step(db: Postgres, { place, entries }: Stand): Promise<Found> {
  if (entries === null) {
    const part = await verifyLinks(db, place, batchSize)
    return {
      ...part,
      stand: { place: part.place, entries: part.isEnd ? await entriesToVerify(db) : null },
      isEnd: false,
    }
  }
  const part = await verifyEntries(db, entries, batchSize)
  // What came since the first call is linked by now, or cannot be.
  if (part.isEnd) await sealRest(db)
  const faults = part.isEnd ? [...part.faults, ...(await verifyEnd(db, entries.upTo))] : part.faults
  return { stand: { place, entries: part.place }, checked: 0, forgotten: 0, faults, isEnd: part.isEnd }
}

function cursorOf(stand: Stand): string {
  return Buffer.from(JSON.stringify(stand)).toString('base64url')
}

/** It comes from the caller, who deceives nobody else with another one. */
function isStand(value: unknown): value is Stand {
  const { place, entries } = Object(value) as Record<string, unknown>
  const { seq, digest, revision, keptFromMs } = Object(place) as Record<string, unknown>
  return (
    (entries === null || isEntriesPlace(entries)) &&
    Number.isSafeInteger(seq) &&
    typeof digest === 'string' &&
    /^[0-9a-f]{64}$/.test(digest) &&
    isNumberOrNull(revision) &&
    isNumberOrNull(keptFromMs)
  )
}

function isEntriesPlace(value: unknown): value is EntriesPlace {
  const { after, upTo } = Object(value) as Record<string, unknown>
  return Number.isSafeInteger(after) && isNumberOrNull(upTo)
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || Number.isSafeInteger(value)
}
