// The audit as a file, oldest first: CSV for people, JSON Lines for programs. Read page by page as the other side takes it:
// neither the whole nor a transaction is held open.

import { finished, Readable } from 'node:stream'
import { type Static, Type } from 'typebox'
import {
  type AuditFilter,
  listAudit,
  type StoredAuditEntry,
  writeAudit,
} from '../../store/audit/audit-table.ts'
import type { Postgres } from '../../store/postgres.ts'
import type { Scope } from '../../store/scope.ts'
import { whoOf } from '../change-answer.ts'
import type { AdminDeps, ControlApp } from '../dependencies.ts'
import type { RouteDoc } from '../openapi/route-doc.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { rangeOf } from '../instant.ts'
import { auditFilterFields, type auditSchema, entryObject } from './routes.ts'

const formats = {
  csv: { type: 'text/csv; charset=utf-8', head: csvHead, line: csvLine },
  jsonl: {
    type: 'application/x-ndjson',
    head: () => '',
    line: (entry: Entry) => `${JSON.stringify(entry)}\n`,
  },
} as const
type Entry = Static<typeof auditSchema>

const query = Type.Object(
  {
    format: Type.Optional(Type.Enum(['csv', 'jsonl'], { description: '`jsonl` unless said' })),
    ...auditFilterFields,
  },
  { additionalProperties: false },
)

const doc = {
  summary: 'The audit as a file, oldest first: CSV, or JSON Lines of entries as GET /audit has them',
  status: 200,
  answer: 'application/x-ndjson',
  errors: ['OVERLOADED', 'QUERY_TOO_SLOW', 'STORE_UNAVAILABLE'],
} as const satisfies RouteDoc

const pageSize = 1_000
/** At once in a process: each reads on as fast as it is taken. */
const mostExports = 4

export function serveAuditExport(app: ControlApp, deps: AdminDeps): void {
  let underWay = 0
  // Without a HEAD: it would read the whole audit for an answer that has gone (findings/fastify-head-reads-the-stream.sh).
  const options = { schema: { querystring: query }, config: { doc }, exposeHeadRoute: false }
  app.get('/audit/export', options, async (request, reply) => {
    if (underWay >= mostExports) throw tooMany()
    const { format = 'jsonl', since, until, request_id: requestId, ...same } = request.query
    const filter = { ...same, requestId, ...rangeOf(since, until), scope: request.caller.scope }
    // Who takes all of it away is in it, whoever that is.
    const { type, head, line } = formats[format]
    underWay += 1
    finished(reply.raw, () => (underWay -= 1))
    await writeAudit(deps.db, {
      ...{ ...whoOf(request), action: 'audit.export', target: 'audit', before: null },
      ...{ after: request.query, atMs: deps.now(), revision: null },
    })
    const { caller } = request
    const entryLine = (row: StoredAuditEntry) => line(entryObject(row, caller))
    const form = {
      head,
      line: entryLine,
      isWanted: () => !reply.raw.destroyed,
      confirm: () => request.confirm(),
    }
    return reply.type(type).send(Readable.from(texts(deps.db, filter, form)))
  })
}

function tooMany(): DenialError {
  const message = `${mostExports} exports are under way; ask again when one has ended`
  return new DenialError(deny('OVERLOADED', 'exports', { details: [{ path: '', message }] }))
}

interface Form {
  head(): string
  line(entry: StoredAuditEntry): string
  isWanted(): boolean
  /** Throws where the caller may no more: then the answer is cut. */
  confirm(): Promise<void>
}

async function* texts(
  db: Postgres,
  filter: AuditFilter & { readonly scope: Scope },
  { head, line, isWanted, confirm }: Form,
): AsyncGenerator<string> {
  const first = head()
  if (first !== '') yield first
  let after: number | null = null
  while (isWanted()) {
    const page = await listAudit(db, { ...filter, isOldestFirst: true }, { after, limit: pageSize })
    const text = page.rows.map(line).join('')
    if (text !== '') yield text
    if (!page.hasMore) return
    after = page.rows.at(-1)?.id ?? null
    await confirm()
  }
}

const columns = [
  ...['id', 'at', 'actor', 'token_id', 'client', 'action', 'target', 'before', 'after', 'reason'],
  ...['request_id', 'revision', 'user_id', 'session_id'],
] as const satisfies readonly (keyof Entry)[]

function csvHead(): string {
  return `${columns.map(quoted).join(',')}\r\n`
}

/** RFC 4180, each cell in quotes. */
function csvLine(entry: Entry): string {
  return `${columns.map((name) => quoted(cell(entry[name]))).join(',')}\r\n`
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

/**
 * What begins with one of these spreadsheets take for a formula, in full width too, and names and reasons are other people's.
 * Where cells end at semicolons or tabs for them, whatever is in quotes, a cell begins behind each.
 */
const formula = /(^|[;\t])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20\t\r])/g
const formulaInJson = /(;\s*)([=+\-@\uff1d\uff0b\uff0d\uff20])/g

function cell(value: Entry[keyof Entry]): string {
  if (value === null) return ''
  if (typeof value === 'string') return value.replace(formula, "$1'$2")
  // The same value, as JSON.
  return JSON.stringify(value).replace(
    formulaInJson,
    (_, before: string, sign: string) => `${before}\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
