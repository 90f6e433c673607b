// What earlier keys have sealed is sealed with the first one, so that the earlier ones can go: when the keys are others, and every few
// minutes, as a process that has not been restarted yet goes on sealing with the earlier one.

import type { Sealing } from '../credentials/sealing.ts'
import type { Queryable } from '../store/postgres.ts'
import { explainFailure } from '../store/refusals.ts'
import { resealText, sealedColumns, sealedOtherwise } from '../store/sealed-table.ts'

export interface ResealingDeps {
  readonly db: Queryable
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void }
  sealing(): Sealing
  /** Milliseconds. */
  monotonicNow(): number
}

export interface Resealing {
  /** Where it is time to. Never rejects. */
  run(): Promise<void>
  /** Texts that no key which is here opens, as last seen; undefined: not looked at yet. */
  unopened(): number | undefined
}

const everyMs = 5 * 60_000
const batch = 500

export function createResealing({ db, log, sealing, monotonicNow }: ResealingDeps): Resealing {
  let doneBy: Sealing | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  let unopened: number | undefined

  return {
    unopened: () => unopened,
    async run() {
      const by = sealing()
      if (by === doneBy && monotonicNow() < nextAt) return
      nextAt = monotonicNow() + everyMs
      try {
        const seen = await resealAll(db, by)
        doneBy = by
        if (seen.anew > 0) log.info({ texts: seen.anew }, 'What an earlier key had sealed is sealed anew')
        if (seen.unopened > 0 && seen.unopened !== unopened)
          log.warn(
            { texts: seen.unopened },
            'Secrets in the database cannot be opened with the keys that this process has (LATCHKEY_SEAL_KEY): give the earlier key back, behind the new one',
          )
        unopened = seen.unopened
      } catch (error) {
        log.warn({ reason: explainFailure(error) }, 'Secrets are not sealed anew; it is tried again')
      }
    },
  }
}

async function resealAll(db: Queryable, by: Sealing): Promise<{ anew: number; unopened: number }> {
  const seen = { anew: 0, unopened: 0 }
  const { mark } = by
  if (mark === undefined) return seen
  for (const column of sealedColumns) {
    let after = ''
    for (;;) {
      const texts = await sealedOtherwise(db, column, { mark, after, most: batch })
      for (const { id, sealed } of texts) {
        const place = column.placeOf(id)
        const text = by.open(place, sealed)
        if (text === undefined) {
          seen.unopened++
          continue
        }
        await resealText(db, column, { id, sealed, anew: by.seal(place, text) })
        seen.anew++
      }
      const last = texts.at(-1)
      if (last === undefined || texts.length < batch) break
      after = last.id
    }
  }
  return seen
}
