// Keys made elsewhere, as JSON Lines. All lines are checked before the first key is made; then they are made in batches,
// each with its revisions, outbox and audit in one transaction, so that other changes are never held up for long.

import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { deny, DenialError } from '../../../errors/denial.ts'
import { importKeys, type ImportOutcome } from '../../../store/keys/key-import-table.ts'
import { StoreUnavailableError } from '../../../store/postgres-errors.ts'
import { originOf, settle } from '../../change-answer.ts'
import type { AdminDeps, ControlApp } from '../../dependencies.ts'
import { reasonField } from '../../fields.ts'
import { changed, type RouteDoc } from '../../openapi/route-doc.ts'
import { invalid } from '../../refusal.ts'
import { importLine, type Judge } from './line.ts'
import { giveWay, mostAtOnce, sizeAfter } from './pace.ts'
import { conflictFault, type ImportPlan, type PlannedKey, planImport } from './plan.ts'

const importQuery = Type.Object(
  {
    wait: Type.Optional(Type.Literal('all')),
    allow_weak: Type.Optional(Type.Enum(['true', 'false'])),
    dry_run: Type.Optional(
      Type.Enum(['true', 'false'], {
        description: 'true: checks all, makes nothing, counts what would be made',
      }),
    ),
    reason: Type.Optional(reasonField),
  },
  { additionalProperties: false },
)

export const importResultSchema = Type.Object({
  line: Type.Integer(),
  status: Type.Enum(['created', 'unchanged']),
  id: Type.String({ description: 'Of the key' }),
  revision: Type.Integer(),
})
type ImportResult = Static<typeof importResultSchema>

const doc: RouteDoc = {
  summary: 'Makes keys whose secrets were made elsewhere, all or, where a line has a fault, none',
  status: 200,
  answer: changed(
    Type.Object({
      created: Type.Integer(),
      unchanged: Type.Integer({ description: 'There already, by an earlier import' }),
      results: Type.Array(importResultSchema),
      warnings: Type.Array(Type.Object({ api: Type.String(), message: Type.String() })),
    }),
  ),
  lines: { mediaType: 'application/x-ndjson', schema: importLine },
  errors: ['IMPORT_INCOMPLETE', 'STORE_UNAVAILABLE', 'OUTCOME_UNKNOWN'],
}

/** POST /keys/import. */
export function serveKeyImport(app: ControlApp, deps: AdminDeps): void {
  // Its own content types, which no other route takes.
  void app.register(async (scope: ControlApp) => {
    takeLines(scope)
    const options = { schema: { querystring: importQuery }, config: { doc } }
    scope.post('/keys/import', options, async (request, reply) => {
      const { allow_weak: allowWeak, dry_run: dryRun } = request.query
      // Where the answer comes before the body's end, the rest of it is not read.
      void reply.header('connection', 'close')
      const plan = await planImport(deps, bodyOf(request), judgeOf(request, deps, allowWeak === 'true'))
      void reply.removeHeader('connection')
      if (dryRun === 'true') return untouched(plan)
      const results = await apply(deps, request, plan)
      const revision = results.reduce((last, result) => Math.max(last, result.revision), 0)
      const settled = await settle(deps, { object: { revision }, change: null }, request)
      const created = results.filter(({ status }) => status === 'created').length
      const counts = { created, unchanged: results.length - created }
      return { ...counts, results, warnings: plan.warnings, ...settled }
    })
  })
}

/** The answer where nothing is to be made. */
function untouched({ keys, unchanged, warnings }: ImportPlan) {
  return { created: keys.length - unchanged, unchanged, results: [], warnings }
}

async function apply(deps: AdminDeps, request: FastifyRequest, plan: ImportPlan): Promise<ImportResult[]> {
  const results: ImportResult[] = []
  const origin = originOf(request, deps)
  let size = mostAtOnce
  while (results.length < plan.keys.length) {
    const batch = plan.keys.slice(results.length, results.length + size)
    try {
      await request.confirm()
      const keys = batch.map(({ key }) => key)
      const { outcomes, changes, heldMs } = await importKeys(deps.db, origin, keys)
      for (const change of changes) deps.published(change)
      for (const [index, planned] of batch.entries()) results.push(resultOf(planned, outcomes[index]))
      if (results.length === plan.keys.length) break
      size = sizeAfter(batch.length, heldMs)
      await giveWay(deps.db, heldMs)
    } catch (error) {
      throw interrupted(error, results.length)
    }
  }
  return results
}

function resultOf({ line }: PlannedKey, outcome: ImportOutcome | undefined): ImportResult {
  // Another import brought it in after this one was checked: a repeat tells the fault.
  if (!outcome || outcome.kind === 'conflict') {
    throw new DenialError(deny('IMPORT_INCOMPLETE', 'import_conflict', { details: [conflictFault(line)] }))
  }
  return { line, status: outcome.kind, id: outcome.id, revision: outcome.revision }
}

/** Without a key made, an interrupted import is a refused one. */
function interrupted(error: unknown, made: number): unknown {
  if (!(error instanceof StoreUnavailableError) || made === 0) return error
  const message = `${made} keys were imported before; a repeat leaves them as they are`
  return new DenialError(deny('IMPORT_INCOMPLETE', 'postgres', { details: [{ path: '', message }] }), {
    cause: error,
  })
}

function takeLines(scope: ControlApp): void {
  scope.removeAllContentTypeParsers()
  // JSON Lines whatever they are called: clients send what they send with every other call.
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

function bodyOf(request: FastifyRequest): AsyncIterable<unknown> {
  const { body } = request
  if (isIterable(body)) return body
  throw invalid('', 'holds no line with a key')
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function judgeOf(request: FastifyRequest, deps: AdminDeps, isWeakAllowed: boolean): Judge {
  const validate = request.compileValidationSchema(importLine)
  return {
    table: deps.table(),
    isWeakAllowed,
    newId: deps.newId,
    schemaFaults: (value) => (validate(value) ? [] : (validate.errors ?? [])),
  }
}
