// The emergency stop over the admin API: what is denied, more of it, and less. None of it asks Postgres; the audit gets
// its row when it can, the log always.

import { Type } from 'typebox'
import { type DenyKind, denyKinds, readDenyValue } from '../../config/deny.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { type DenyChange, type DenyEntry, type DenyRow, mostAdded } from '../../lookup/deny-stop.ts'
import { type Who, writeAudit } from '../../store/audit/audit-table.ts'
import { whoOf } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import { changeBody, waitQuery } from '../fields.ts'
import { instant } from '../instant.ts'
import { invalid } from '../refusal.ts'
import { denyDocs } from './deny-docs.ts'

const entryBody = changeBody({
  kind: Type.Unsafe<DenyKind>(Type.Enum([...denyKinds])),
  value: Type.String({ minLength: 1, maxLength: 256 }),
})
const schema = { body: entryBody, querystring: waitQuery }

const waitTimeoutMs = 5000

type Done = Extract<DenyChange, { kind: 'done' }>

export function serveDeny(app: ControlApp, deps: AdminDeps): void {
  const tell = teller(deps)

  app.get('/deny', { config: { doc: denyDocs.list } }, async () => ({
    data: deps.deny.rows().map(rowObject),
    next_cursor: null,
  }))

  app.post('/deny', { schema, config: { doc: denyDocs.add } }, async (request, reply) => {
    const entry = entryOf(request.body)
    if (entry.kind === 'permission' && !isKnownPermission(deps, entry.value)) {
      throw invalid('/value', 'is a permission of no API')
    }
    const done = settled(await deps.deny.add(entry, request.caller.actor))
    if (done.isNew) tell({ done, action: 'deny.add', who: whoOf(request) })
    return reply.code(done.isNew ? 201 : 200).send(await answer(deps, done, request.query.wait))
  })

  app.delete('/deny', { schema, config: { doc: denyDocs.remove } }, async (request) => {
    const done = settled(await deps.deny.remove(entryOf(request.body), request.caller.actor))
    if (done.isNew) tell({ done, action: 'deny.remove', who: whoOf(request) })
    return answer(deps, done, request.query.wait)
  })
}

function entryOf(body: { readonly kind: DenyKind; readonly value: string }): DenyEntry {
  const read = readDenyValue(body.kind, body.value)
  if (!read.ok) throw invalid('/value', read.message)
  return { kind: body.kind, value: read.value }
}

/** A slip in the name would deny nothing, and be believed. */
function isKnownPermission(deps: AdminDeps, name: string): boolean {
  return [...deps.table().apis.values()].some((api) => api.permissions.has(name))
}

function settled(change: DenyChange): Done {
  if (change.kind === 'done') return change
  if (change.kind === 'in_file') throw new DenialError(deny('DENIED_BY_FILE', 'denied_by_file'))
  if (change.kind === 'unknown') throw new DenialError(deny('NOT_FOUND', 'not_denied'))
  throw invalid('', `${mostAdded} entries were added already; put more into the deny file`)
}

interface Told {
  readonly done: Done
  readonly action: 'deny.add' | 'deny.remove'
  readonly who: Who
}

/**
 * Tells log and audit. A prefix is told in its canonical form, which holds no whole secret. Nobody waits for the rows,
 * which are written one after the other.
 */
function teller(deps: AdminDeps): (told: Told) => void {
  let written = Promise.resolve()
  return ({ done, action, who }) => {
    const { actor, requestId } = who
    const { kind, value, atMs, isDenied } = done.word
    const line = { request_id: requestId, actor, action, kind, value, spread: done.isSpread }
    deps.log.warn(line, 'deny list changed')
    const entry = {
      ...who,
      action,
      target: value,
      before: null,
      after: { kind, value, denied: isDenied },
      atMs,
      // No change of a key or merchant: it stands beside the last one.
      revision: deps.health().appliedRevision ?? 0,
    }
    written = written
      .then(() => writeAudit(deps.db, entry))
      .catch(() =>
        deps.log.warn({ request_id: requestId }, 'no audit row of the deny list: Postgres is away'),
      )
  }
}

/** Says plainly how far it has come: where Redis has not taken it, it is in force on this instance alone. */
async function answer(deps: AdminDeps, done: Done, wait: 'all' | undefined): Promise<object> {
  const { kind, value, isDenied, atMs, actor } = done.word
  const object = {
    kind,
    value,
    denied: isDenied || done.isInFile,
    in_file: done.isInFile,
    at: instant(atMs),
    actor,
    instance: deps.instanceId,
    spread: done.isSpread,
  }
  if (wait === undefined) return object
  const behind = await deps.denyBehind(waitTimeoutMs)
  const pending = behind?.map((one) => ({
    instance: one.instance,
    last_seen_at: instant(one.lastSeenAtMs),
  }))
  return { ...object, pending: pending ?? null }
}

function rowObject(row: DenyRow) {
  return {
    kind: row.kind,
    value: row.value,
    source: row.source,
    at: row.atMs === null ? null : instant(row.atMs),
    actor: row.actor,
  }
}
