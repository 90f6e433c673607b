// What keys of a merchant should be looked after for, page by page: a merchant may have any number of keys.

import type { Table } from '../../config/compiled.ts'
import { listKeysInUse, type MailedState } from '../../store/keys/mailed-reminder-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import { listReminders, type Reminder } from '../../store/keys/reminder-table.ts'
import { everything } from '../../store/scope.ts'
import type { RemindedKey } from '../people/mail/reminder-words.ts'
import { unusedPermissions } from './unused-permissions.ts'

export interface RemindedState extends MailedState {
  readonly key: Pick<RemindedKey, 'id' | 'name' | 'api' | 'environment'>
  /** When it ends, or since when it is not used, in milliseconds since the epoch; null: it says none. */
  readonly atMs: number | null
}

export interface LookedAt {
  readonly merchantId: string
  readonly nowMs: number
}

const keysAtOnce = 500
/** Each of these is asked for all that it did in 90 days. */
const keysInUseAtOnce = 20

/** Old secrets, ends that are near, keys that nobody uses. */
export async function* statesOfKeys(db: Queryable, { merchantId, nowMs }: LookedAt) {
  const asked = { scope: everything, nowMs, merchantId }
  let after: string | null = null
  let isMore = true
  while (isMore) {
    const page = await listReminders(db, asked, { after, limit: keysAtOnce })
    yield page.rows.flatMap(statesOf)
    after = page.rows.at(-1)?.id ?? null
    isMore = page.hasMore
  }
}

function statesOf(reminder: Reminder): RemindedState[] {
  const { id, name, api, environment, secretId, rotationDueSinceMs, expiresAtMs, unusedSinceMs } = reminder
  const key = { id, name, api, environment }
  const state = (cause: MailedState['cause'], about: string, atMs: number | null): RemindedState => ({
    ...{ keyId: id, cause, about, key, atMs },
  })
  return [
    ...(expiresAtMs === null ? [] : [state('expiring', String(expiresAtMs), expiresAtMs)]),
    ...(rotationDueSinceMs === null ? [] : [state('rotation_due', secretId, null)]),
    ...(unusedSinceMs === null ? [] : [state('unused', String(unusedSinceMs), unusedSinceMs)]),
  ]
}

/** Permissions that keys in use have not used. */
export async function* statesOfPermissions(
  db: Queryable,
  table: Pick<Table, 'apis'>,
  { merchantId, nowMs }: LookedAt,
): AsyncGenerator<readonly RemindedState[]> {
  let after = ''
  let isMore = true
  while (isMore) {
    const rows = await listKeysInUse(db, { nowMs, merchantId, after, most: keysInUseAtOnce })
    yield rows.flatMap(({ id, name, api, environment, ...rest }) =>
      unusedPermissions(table.apis.get(api), rest).map((about): RemindedState => {
        const key = { id, name, api, environment }
        return { keyId: id, cause: 'unused_permission', about, key, atMs: null }
      }),
    )
    after = rows.at(-1)?.id ?? after
    isMore = rows.length === keysInUseAtOnce
  }
}
