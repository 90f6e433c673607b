// A key of the running control plane, as a caller to decide on.

import type { Caller } from '../../decision/question.ts'
import { type KeyStatus, keyStatuses, whyUnusable } from '../../credentials/record.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { pathPart } from '../admin/admin-call.ts'
import { checked, KeyObject, MerchantObject } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { Session } from '../session.ts'

/** Asks for a key and its merchant. Throws CliError. */
export async function fetchCaller(session: Session, id: string): Promise<Caller> {
  const client = session.connect()
  const key = checked(
    KeyObject,
    await get(client, { doing: `read key ${id}`, path: `/keys/${pathPart(id)}` }),
  )
  const path = `/merchants/${pathPart(key.merchant_id)}`
  const merchant = checked(
    MerchantObject,
    await get(client, { doing: `read merchant ${key.merchant_id}`, path }),
  )
  const record = {
    kind: 'api_key' as const,
    keyId: key.id,
    secretId: '',
    merchantId: key.merchant_id,
    api: key.api,
    environment: key.environment,
    status: statusOf(key),
    merchantStatus: merchant.status === 'active' ? ('active' as const) : ('suspended' as const),
    permissions: key.permissions,
    expiresAtMs: key.expires_at === null ? null : Date.parse(key.expires_at),
    // Its newest secret has no grace that could end.
    secretExpiresAtMs: null,
    limits: null,
    token: null,
    revision: key.revision,
  }
  const { api, environment, permissions } = record
  return { api, environment, permissions, unusable: whyUnusable(record, session.now()) }
}

async function get(client: AdminClient, call: { doing: string; path: string }): Promise<unknown> {
  return client.call({ ...call, method: 'GET' })
}

function statusOf({ status }: KeyObject): KeyStatus {
  return keyStatuses.find((name) => name === status) ?? unknownWord(status)
}

function unknownWord(word: string): never {
  throw new CliError(`the control plane says \`${word}\`, which this version does not know`, exitCodes.failed)
}
