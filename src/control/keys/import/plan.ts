// What an import is to make, checked whole before anything is made: every line by itself, the lines against each
// other, and all of them against what there is.

import { setImmediate } from 'node:timers/promises'
import { deny, DenialError, type FieldFault } from '../../../errors/denial.ts'
import { compareKeys, type ImportedKey, knownMerchants } from '../../../store/keys/key-import-table.ts'
import type { AdminDeps } from '../../dependencies.ts'
import { type Judge, judgeLine } from './line.ts'
import { linesOf } from './lines.ts'

/** A key and the line that it stands in. */
export interface PlannedKey {
  readonly line: number
  readonly key: ImportedKey
}

export interface ImportPlan {
  readonly keys: readonly PlannedKey[]
  /** How many of them are there already. */
  readonly unchanged: number
  readonly warnings: readonly ImportWarning[]
}

export interface ImportWarning {
  readonly api: string
  readonly message: string
}

/** How many keys go into one question. */
const batchSize = 500
/** Then no further line is judged. */
const mostFaults = 1000
/** Judged at a stretch; then others have their turn. */
const stretchBytes = 32 * 1024

/** Reads a body to its end. Throws VALIDATION_FAILED with the first 1,000 faults, each with its line. */
export async function planImport(
  deps: AdminDeps,
  body: AsyncIterable<unknown>,
  judge: Judge,
): Promise<ImportPlan> {
  const faults: FieldFault[] = []
  const keys: PlannedKey[] = []
  const lineOfDigest = new Map<string, number>()
  const legacy = createLegacyCount()
  let judgedBytes = 0
  for await (const { number, bytes } of linesOf(body)) {
    // The rest is still read, so that the sender comes to read the answer.
    if (faults.length >= mostFaults) continue
    judgedBytes += bytes?.length ?? 0
    if (judgedBytes >= stretchBytes) {
      judgedBytes = 0
      await setImmediate()
    }
    const judged = judgeLine(bytes, judge)
    if (judged.kind === 'faults') {
      for (const fault of judged.faults) faults.push({ line: number, ...fault })
      if (faults.length >= mostFaults)
        faults.push({ path: '', message: `nothing was checked after line ${number}` })
      continue
    }
    const { digest } = judged.key.secret
    const earlier = lineOfDigest.get(digest)
    if (earlier !== undefined) {
      faults.push({ line: number, path: '', message: `has the same secret as line ${earlier}` })
      continue
    }
    lineOfDigest.set(digest, number)
    keys.push({ line: number, key: judged.key })
    if (judged.checksum !== 'right') legacy.count(judged.key.api, judged.checksum)
  }
  const stored = await compareStored(deps, keys, mostFaults - faults.length)
  faults.push(...stored.faults)
  if (faults.length === 0 && keys.length === 0) faults.push({ path: '', message: 'holds no line with a key' })
  if (faults.length > 0) throw refused(faults)
  return {
    keys,
    unchanged: stored.unchanged,
    warnings: legacy.warnings((api) => judge.table.apis.get(api)?.legacyKeys === true),
  }
}

/** Keys in batches. */
export function* batchesOf(keys: readonly PlannedKey[], size = batchSize): Generator<readonly PlannedKey[]> {
  for (let begin = 0; begin < keys.length; begin += size) yield keys.slice(begin, begin + size)
}

/** The fault of a line whose secret is that of another key. */
export function conflictFault(line: number): FieldFault {
  return { line, path: '', message: 'has the secret of a key that exists already with other data' }
}

interface Stored {
  readonly faults: readonly FieldFault[]
  readonly unchanged: number
}

/** Merchants that are not there, and secrets of other keys: batches until there are `most` faults. */
async function compareStored(deps: AdminDeps, keys: readonly PlannedKey[], most: number): Promise<Stored> {
  const faults: FieldFault[] = []
  let unchanged = 0
  for (const batch of batchesOf(keys)) {
    if (faults.length >= most) break
    const ids = new Set(batch.map(({ key }) => key.merchantId))
    const merchants = await knownMerchants(deps.db, [...ids])
    const found = await compareKeys(
      deps.db,
      batch.map(({ key }) => key),
    )
    for (const [index, { line, key }] of batch.entries()) {
      const isKnown = merchants.has(key.merchantId)
      if (!isKnown) faults.push({ line, path: '/merchant_id', message: 'no such merchant' })
      else if (found[index]?.kind === 'conflict') faults.push(conflictFault(line))
      else if (found[index]?.kind === 'unchanged') unchanged += 1
    }
  }
  return { faults, unchanged }
}

function refused(faults: readonly FieldFault[]): DenialError {
  // What is said of no line stands at the end.
  const details = faults.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity))
  return new DenialError(deny('VALIDATION_FAILED', 'import', { details }))
}

/** Keys that only an API with `legacy_keys: true` looks up. */
function createLegacyCount() {
  const without = new Map<string, { none: number; unknown: number }>()
  return {
    count(api: string, checksum: 'none' | 'unknown'): void {
      const counts = without.get(api) ?? { none: 0, unknown: 0 }
      counts[checksum] += 1
      without.set(api, counts)
    },
    warnings(takesLegacy: (api: string) => boolean): readonly ImportWarning[] {
      return [...without].flatMap(([api, { none, unknown }]) => {
        if (takesLegacy(api)) return []
        const need = `are refused unless the API has \`legacy_keys: true\``
        return [
          ...(none > 0 ? [{ api, message: `${none} of the keys have no checksum: they ${need}` }] : []),
          ...(unknown > 0
            ? [{ api, message: `${unknown} of the keys came as digests: those without a checksum ${need}` }]
            : []),
        ]
      })
    },
  }
}
