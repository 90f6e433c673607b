// Requests under way at once, by key and by merchant, where something is said of that. Each process counts its own, and lets its
// share through: what is under way ends so often that no other could be told in time.

import type { CredentialRecord } from '../credentials/record.ts'

export interface InFlight {
  /** Counts one; false: it is one too many, and was not counted. */
  enter(record: CredentialRecord): boolean
  /** One that was counted is over. */
  leave(record: CredentialRecord): void
}

/** Begins with nobody; `instances`: those that serve, this one included. */
export function createInFlight(instances: () => number): InFlight {
  const counts = new Map<string, number>()
  const isFull = (name: string, most: number | null) =>
    most !== null && (counts.get(name) ?? 0) >= Math.ceil(most / instances())

  function add(name: string, change: 1 | -1): void {
    const count = (counts.get(name) ?? 0) + change
    if (count > 0) counts.set(name, count)
    else counts.delete(name)
  }

  return {
    enter({ keyId, merchantId, limits }) {
      if (isFull(keyId, limits?.inFlight ?? null)) return false
      if (isFull(merchantId, limits?.merchant?.inFlight ?? null)) return false
      add(keyId, 1)
      add(merchantId, 1)
      return true
    },
    leave({ keyId, merchantId }) {
      add(keyId, -1)
      add(merchantId, -1)
    },
  }
}
