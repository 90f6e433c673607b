// Tells merchants' admins by mail what of their keys somebody should look after: one mail a merchant and day at most, each state
// of a key once. Any number of processes may be at it: a merchant is taken for a day by one, and what is told is kept in the
// transaction that queues the mails.

import type { Table } from '../../config/compiled.ts'
import { queueMail } from '../../store/people/mail-table.ts'
import {
  keepTold,
  listDueMerchants,
  type MailedState,
  recipientsOf,
  releaseMerchant,
  type ReminderMerchant,
  takeMerchant,
} from '../../store/keys/mailed-reminder-table.ts'
import type { Postgres, Queryable } from '../../store/postgres.ts'
import { explainFailure } from '../../store/refusals.ts'
import type { RemindedKey, ReminderMail } from '../people/mail/reminder-words.ts'
import { type RemindedState, statesOfKeys, statesOfPermissions } from './reminded-states.ts'

export interface ReminderMailDeps {
  readonly db: Postgres
  readonly table: () => Pick<Table, 'apis'>
  /** Milliseconds since the epoch. */
  now(): number
  newId(prefix: 'eml'): string
  readonly log: { warn(details: object, message: string): void }
  /** There are mails to be sent. */
  queued(): void
}

const merchantsAtOnce = 200
/** In one mail; what is beyond is told with the next one. */
const mostStates = 2_000
/** Keys that a mail names; of the rest how many they are. */
const mostNamed = 50

/** Looks through all merchants whose day has come; `isOver` ends it early. Never rejects. */
export async function mailReminders(deps: ReminderMailDeps, isOver: () => boolean): Promise<void> {
  let after = ''
  let isMore = true
  try {
    while (isMore && !isOver()) {
      const due = await listDueMerchants(deps.db, { nowMs: deps.now(), after, most: merchantsAtOnce })
      for (const merchant of due) {
        if (isOver()) return
        await tryRemind(deps, merchant)
      }
      isMore = due.length === merchantsAtOnce
      after = due.at(-1)?.id ?? after
    }
  } catch (error) {
    const reason = explainFailure(error)
    deps.log.warn({ reason }, 'Reminders are not mailed; it is tried again in an hour')
  }
}

/** One that cannot be looked through holds up no other. */
async function tryRemind(deps: ReminderMailDeps, merchant: ReminderMerchant): Promise<void> {
  const nowMs = deps.now()
  if (!(await takeMerchant(deps.db, merchant.id, nowMs))) return
  try {
    const unused = await unusedOf(deps, merchant.id, nowMs)
    const isQueued = await deps.db.transaction((tx) => remind(tx, deps, { merchant, nowMs, unused }))
    if (isQueued) deps.queued()
  } catch (error) {
    const details = { merchant: merchant.id, reason: explainFailure(error) }
    deps.log.warn(details, 'A merchant is not reminded; it is tried again in an hour')
    await releaseMerchant(deps.db, merchant.id)
  }
}

/** By itself: what keys did in 90 days may be too much for one question, and keeps the other reminders from nobody. */
async function unusedOf(
  { db, table, log }: ReminderMailDeps,
  merchantId: string,
  nowMs: number,
): Promise<readonly RemindedState[]> {
  const found: RemindedState[] = []
  try {
    for await (const states of statesOfPermissions(db, table(), { merchantId, nowMs })) {
      found.push(...states)
      if (found.length >= mostStates) break
    }
  } catch (error) {
    const details = { merchant: merchantId, reason: explainFailure(error) }
    log.warn(details, 'A merchant is not reminded of all permissions that its keys do not use')
  }
  return found
}

interface Reminding {
  readonly merchant: ReminderMerchant
  readonly nowMs: number
  readonly unused: readonly RemindedState[]
}

async function remind(
  tx: Queryable,
  deps: ReminderMailDeps,
  { merchant, nowMs, unused }: Reminding,
): Promise<boolean> {
  const news: RemindedState[] = []
  for await (const states of statesOfKeys(tx, { merchantId: merchant.id, nowMs })) {
    news.push(...(await newsOf(tx, states, nowMs)))
    if (news.length >= mostStates) break
  }
  news.push(...(await newsOf(tx, unused, nowMs)))
  if (news.length === 0) return false
  const about = mailOf(merchant, news)
  for (const { personId, email } of await recipientsOf(tx, merchant.id, nowMs)) {
    await queueMail(tx, {
      ...{ id: deps.newId('eml'), kind: 'reminder', recipient: email, personId, invitationId: null },
      ...{ nowMs, about },
    })
  }
  return true
}

/** Those that were not told before; from now on they are. */
async function newsOf(
  tx: Queryable,
  states: readonly RemindedState[],
  nowMs: number,
): Promise<readonly RemindedState[]> {
  if (states.length === 0) return []
  const rows = states.map(({ keyId, cause, about }) => ({ keyId, cause, about }))
  const isNew = new Set((await keepTold(tx, rows, nowMs)).map(nameOf))
  return states.filter((state) => isNew.has(nameOf(state)))
}

function nameOf({ keyId, cause, about }: MailedState): string {
  return `${keyId} ${cause} ${about}`
}

function mailOf({ id, name }: ReminderMerchant, news: readonly RemindedState[]): ReminderMail {
  const keys = new Map<string, RemindedKey>()
  for (const { key, cause, about, atMs } of news) {
    const known = keys.get(key.id) ?? { ...key, causes: [], permissions: [] }
    const isPermission = cause === 'unused_permission'
    keys.set(key.id, {
      ...known,
      permissions: isPermission ? [...known.permissions, about] : known.permissions,
      causes: isPermission ? known.causes : [...known.causes, { cause, atMs }],
    })
  }
  const all = [...keys.values()].toSorted(bySoonestEnd)
  const more = Math.max(0, all.length - mostNamed)
  return { merchantId: id, merchantName: name, keys: all.slice(0, mostNamed), more }
}

/** What ends first stands first: the mail may have no room for the rest. */
function bySoonestEnd(one: RemindedKey, other: RemindedKey): number {
  const endOf = ({ causes }: RemindedKey) =>
    causes.find(({ cause }) => cause === 'expiring')?.atMs ?? Number.MAX_SAFE_INTEGER
  return endOf(one) - endOf(other)
}
