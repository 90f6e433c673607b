// Tells merchants' admins by mail what of their keys somebody should look after: one mail a merchant and day at most, each state
// of a key once. Any number of processes may be at it: a merchant is taken by one, in the transaction that queues its mails.

import type { Table } from '../../config/compiled.ts'
import { queueMail } from '../../store/mail-table.ts'
import {
  keepTold,
  listDueMerchants,
  listKeysInUse,
  type MailedState,
  recipientsOf,
  type ReminderMerchant,
  takeMerchant,
} from '../../store/mailed-reminder-table.ts'
import type { Postgres, Queryable } from '../../store/postgres.ts'
import { listReminders, type Reminder } from '../../store/reminder-table.ts'
import { explainFailure } from '../../store/refusals.ts'
import { everything } from '../../store/scope.ts'
import type { RemindedKey, ReminderMail } from '../people/mail/reminder-words.ts'
import { unusedPermissions } from './unused-permissions.ts'

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
const keysAtOnce = 500
/** Told by name in one mail; of the rest how many they are. */
const mostTold = 50

/** Looks through all merchants whose day has come; `isOver` ends it early. Never rejects. */
export async function mailReminders(deps: ReminderMailDeps, isOver: () => boolean): Promise<void> {
  let after = ''
  let isMore = true
  while (isMore && !isOver()) {
    try {
      const nowMs = deps.now()
      const due = await listDueMerchants(deps.db, { nowMs, after, most: merchantsAtOnce })
      for (const merchant of due) {
        if (isOver()) return
        await tryRemind(deps, merchant)
      }
      isMore = due.length === merchantsAtOnce
      after = due.at(-1)?.id ?? after
    } catch (error) {
      deps.log.warn(
        { reason: explainFailure(error) },
        'Reminders are not mailed; it is tried again in an hour',
      )
      return
    }
  }
}

/** One that cannot be looked through holds up no other. */
async function tryRemind(deps: ReminderMailDeps, merchant: ReminderMerchant): Promise<void> {
  try {
    const isQueued = await deps.db.transaction((tx) => remind(tx, deps, merchant))
    if (isQueued) deps.queued()
  } catch (error) {
    const reason = explainFailure(error)
    deps.log.warn(
      { merchant: merchant.id, reason },
      'A merchant is not reminded; it is tried again in an hour',
    )
  }
}

async function remind(tx: Queryable, deps: ReminderMailDeps, merchant: ReminderMerchant): Promise<boolean> {
  const nowMs = deps.now()
  if (!(await takeMerchant(tx, merchant.id, nowMs))) return false
  const found = [
    ...(await keysToLookAfter(tx, merchant.id, nowMs)),
    ...(await keysWithUnused(tx, deps, { merchantId: merchant.id, nowMs })),
  ]
  const isNew = new Set(
    (
      await keepTold(
        tx,
        found.map(({ state }) => state),
        nowMs,
      )
    ).map(nameOf),
  )
  const news = found.filter(({ state }) => isNew.has(nameOf(state)))
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

interface Found {
  readonly state: MailedState
  readonly key: Pick<RemindedKey, 'id' | 'name' | 'api' | 'environment'>
  /** When it ends, or since when it is not used, in milliseconds since the epoch; null: it says none. */
  readonly atMs: number | null
}

function nameOf({ keyId, cause, about }: MailedState): string {
  return `${keyId} ${cause} ${about}`
}

async function keysToLookAfter(tx: Queryable, merchantId: string, nowMs: number): Promise<readonly Found[]> {
  const found: Found[] = []
  let after: string | null = null
  let isMore = true
  while (isMore) {
    const page = await listReminders(
      tx,
      { scope: everything, nowMs, merchantId },
      { after, limit: keysAtOnce },
    )
    found.push(...page.rows.flatMap(statesOf))
    after = page.rows.at(-1)?.id ?? null
    isMore = page.hasMore
  }
  return found
}

function statesOf(reminder: Reminder): Found[] {
  const { id, name, api, environment, secretId, rotationDueSinceMs, expiresAtMs, unusedSinceMs } = reminder
  const key = { id, name, api, environment }
  const state = (cause: MailedState['cause'], about: string, atMs: number | null): Found => ({
    ...{ state: { keyId: id, cause, about }, key, atMs },
  })
  return [
    ...(expiresAtMs === null ? [] : [state('expiring', String(expiresAtMs), expiresAtMs)]),
    ...(rotationDueSinceMs === null ? [] : [state('rotation_due', secretId, null)]),
    ...(unusedSinceMs === null ? [] : [state('unused', String(unusedSinceMs), unusedSinceMs)]),
  ]
}

async function keysWithUnused(
  tx: Queryable,
  { table }: Pick<ReminderMailDeps, 'table'>,
  { merchantId, nowMs }: { readonly merchantId: string; readonly nowMs: number },
): Promise<readonly Found[]> {
  const found: Found[] = []
  let after = ''
  let isMore = true
  while (isMore) {
    const rows = await listKeysInUse(tx, { nowMs, merchantId, after, most: keysAtOnce })
    for (const { id, name, api, environment, ...rest } of rows) {
      const unused = unusedPermissions(table().apis.get(api), rest)
      const key = { id, name, api, environment }
      for (const about of unused)
        found.push({ state: { keyId: id, cause: 'unused_permission', about }, key, atMs: null })
    }
    after = rows.at(-1)?.id ?? after
    isMore = rows.length === keysAtOnce
  }
  return found
}

function mailOf({ id, name }: ReminderMerchant, news: readonly Found[]): ReminderMail {
  const keys = new Map<string, RemindedKey>()
  for (const { key, state, atMs } of news) {
    const known = keys.get(key.id) ?? { ...key, causes: [], permissions: [] }
    const isPermission = state.cause === 'unused_permission'
    keys.set(key.id, {
      ...known,
      permissions: isPermission ? [...known.permissions, state.about] : known.permissions,
      causes: isPermission ? known.causes : [...known.causes, { cause: state.cause, atMs }],
    })
  }
  // What ends soonest first: it may be what the mail has room for.
  const endOf = ({ causes }: RemindedKey) =>
    causes.find(({ cause }) => cause === 'expiring')?.atMs ?? Infinity
  const all = [...keys.values()].toSorted((a, b) => Math.sign(endOf(a) - endOf(b)) || 0)
  return {
    merchantId: id,
    merchantName: name,
    keys: all.slice(0, mostTold),
    more: Math.max(0, all.length - mostTold),
  }
}
