// That somebody read what is worth knowing to whoever is up to no good: who may do what, who belongs to whom, where messages go.
// Once in a while for each caller and thing, whatever is asked how often: pages and scripts ask again and again, and the log
// has each request.

import type { FastifyRequest } from 'fastify'
import { writeAudit } from '../../store/audit/audit-table.ts'
import { getMerchant } from '../../store/keys/merchant-table.ts'
import { whoOf } from '../change-answer.ts'
import type { AdminDeps } from '../dependencies.ts'
import { isId } from '../fields.ts'

export interface Reading {
  readonly action:
    | 'operator.list'
    | 'member.list'
    | 'invitation.list'
    | 'session.list'
    | 'grant.list'
    | 'client.list'
    | 'client.read'
    | 'webhook.list'
    | 'webhook.read'
    | 'webhook.deliveries'
  /** Id of what was read, or of whose it is; a word for lists of all. */
  readonly target: string
}

const againAfterMs = 10 * 60_000
const mostRemembered = 10_000

/** Throws as stores do: what cannot be noted is not shown. */
export function createReadingNotes(
  deps: AdminDeps,
): (request: FastifyRequest, reading: Reading) => Promise<void> {
  /** By caller and thing: until when it is not noted again. */
  const noted = new Map<string, number>()
  return async (request, { action, target }) => {
    const atMs = deps.now()
    const { tokenId, actor } = request.caller
    const name = `${tokenId ?? actor} ${request.client ?? ''} ${action} ${target}`
    if ((noted.get(name) ?? 0) > atMs) return
    await writeAudit(deps.db, {
      ...{ ...whoOf(request), action, target, before: null, after: null },
      ...{ atMs, revision: null },
    })
    // Noted twice at worst.
    if (noted.size >= mostRemembered) noted.clear()
    noted.set(name, atMs + againAfterMs)
  }
}

/** Of a list that may be of one merchant: the merchant, where the caller sees it; an entry about it is one that its admins see. */
export async function listTarget(
  { db }: Pick<AdminDeps, 'db'>,
  { caller }: FastifyRequest,
  asked: { readonly merchantId: string | undefined; readonly all: string },
): Promise<string> {
  const { merchantId, all } = asked
  if (!isId('mer', merchantId)) return all
  return (await getMerchant(db, merchantId, caller.scope))?.id ?? all
}
