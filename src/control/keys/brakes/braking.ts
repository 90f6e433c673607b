// Pulls brakes: looks for keys that did far more in an hour than they usually do, and does to them what the file says. One process at a time
// does it, whoever sends webhooks, behind the activity of all: what must not pass at all is a rate limit's to refuse.

import type { Brake } from '../../../config/brakes.ts'
import { type Burst, findBursts } from '../../../store/activity/burst-table.ts'
import type { Change } from '../../../store/change-table.ts'
import { type Pulled, pullBrake, settleBrakes } from '../../../store/keys/key-brake-table.ts'
import { adminsOf } from '../../../store/keys/mailed-reminder-table.ts'
import { queueMail } from '../../../store/people/mail-table.ts'
import type { Postgres, Queryable } from '../../../store/postgres.ts'
import { explainFailure } from '../../../store/refusals.ts'
import { everything } from '../../../store/scope.ts'
import type { BrakedMail } from '../../people/mail/braked-words.ts'

export interface BrakingDeps {
  readonly db: Postgres
  /** Those in force. */
  brakes(): readonly Brake[]
  /** Milliseconds since the epoch, by the database's clock. */
  now(): number
  newId(prefix: 'req' | 'eml'): string
  /** Whether mails are sent. */
  readonly sendsMail: boolean
  /** Spreads a change after its commit. Never throws. */
  published(change: Change): void
  readonly log: { warn(details: object, message: string): void }
  readonly monotonicNow?: () => number
}

export interface Braking {
  /** Looks, where it is time to. Never rejects. Gives how many brakes it pulled. */
  run(): Promise<number>
  /** Pulled by this process since its start; and keys that brakes hold, as it last saw it: undefined: another one looks. */
  figures(): { readonly pulled: number; readonly held: number | undefined }
}

/** Activity comes in every five seconds. */
const everyMs = 30_000
/** A round may take this part of the time: where it takes long, the next one waits. */
const shareOfTime = 0.05
/** Activity that comes later than that is seen with the next of its key. */
const lateMs = 3 * 60_000
const firstMs = 61 * 60_000
/** Of one brake, in a round. */
const most = 100
/** Older figures are another process' to tell. */
const seenForMs = 3 * everyMs

export function createBraking(deps: BrakingDeps): Braking {
  const { monotonicNow = () => performance.now() } = deps
  let dueAt = Number.NEGATIVE_INFINITY
  let seenAt = Number.NEGATIVE_INFINITY
  let pulled = 0
  let held = 0

  /** When all brakes were looked at last, by the database's clock. */
  let lookedMs: number | undefined

  async function look(): Promise<number> {
    const nowMs = deps.now()
    const sinceMs = Math.max(nowMs - firstMs, (lookedMs ?? 0) - lateMs)
    held = await settleBrakes(deps.db, nowMs)
    seenAt = monotonicNow()
    let count = 0
    for (const brake of deps.brakes()) {
      for (const burst of await findBursts(deps.db, brake, { nowMs, sinceMs, most }))
        if (await tryPull(brake, burst)) count++
    }
    pulled += count
    lookedMs = nowMs
    return count
  }

  /** One that cannot be pulled holds up no other. */
  async function tryPull(brake: Brake, burst: Burst): Promise<boolean> {
    try {
      return await pull(brake, burst)
    } catch (error) {
      const details = { key: burst.keyId, brake: brake.name, reason: explainFailure(error) }
      deps.log.warn(details, 'A brake is not pulled; it is tried again in half a minute')
      return false
    }
  }

  async function pull(brake: Brake, burst: Burst): Promise<boolean> {
    const reason = `brake ${brake.name}`
    const origin = {
      ...{ actor: 'latchkey', requestId: deps.newId('req'), reason, nowMs: deps.now(), scope: everything },
    }
    let done: Pulled | undefined
    const { change } = await pullBrake(deps.db, origin, {
      ...{ brake, burst },
      async beside(tx, pulled) {
        done = pulled
        await mail(tx, { brake, burst, pulled, nowMs: origin.nowMs })
      },
    })
    if (change === null || done === undefined) return false
    deps.published(change)
    const { keyId: key, count: requests, usual } = burst
    const { action, instead } = done
    deps.log.warn({ key, brake: brake.name, action, instead, requests, usual }, 'A brake is pulled')
    return true
  }

  async function mail(
    tx: Queryable,
    told: { readonly brake: Brake; readonly burst: Burst; readonly pulled: Pulled; readonly nowMs: number },
  ): Promise<void> {
    if (!deps.sendsMail) return
    const { key } = told.pulled
    const about: BrakedMail = {
      ...{ merchantId: key.merchantId, keyId: key.id, name: key.name, api: key.api },
      ...{ environment: key.environment, permission: told.brake.permission, action: told.pulled.action },
      ...{ requests: told.burst.count, usual: told.burst.usual },
    }
    for (const { personId, email } of await adminsOf(tx, key.merchantId))
      await queueMail(tx, {
        ...{ id: deps.newId('eml'), kind: 'braked', recipient: email, personId, invitationId: null },
        ...{ nowMs: told.nowMs, about },
      })
  }

  return {
    async run() {
      const startedAt = monotonicNow()
      if (startedAt < dueAt) return 0
      try {
        return await look()
      } catch (error) {
        deps.log.warn({ reason: explainFailure(error) }, 'Brakes are not looked at; it is tried again soon')
        return 0
      } finally {
        dueAt = startedAt + Math.max(everyMs, (monotonicNow() - startedAt) / shareOfTime)
      }
    },
    figures: () => ({ pulled, held: monotonicNow() - seenAt < seenForMs ? held : undefined }),
  }
}
