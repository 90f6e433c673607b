// `latchkey audit`: who changed what, when, and why.

import type { Command } from 'commander'
import { registerAuditExport } from './audit-export.ts'
import { registerAuditVerify } from './audit-verify.ts'
import { AuditObject, checked } from '../admin/admin-objects.ts'
import { parseCount, parsePast } from '../duration.ts'
import { addVerb, type OutputFlags, type Session, shortTime, showRows } from '../session.ts'
import type { Cell } from '../table.ts'

interface AuditFlags extends OutputFlags {
  readonly since?: (nowMs: number) => string
  readonly until?: (nowMs: number) => string
  readonly actor?: string
  readonly target?: string
  readonly action?: string
  readonly request?: string
  readonly limit: number
}

const defaultLimit = 200

export function registerAudit(program: Command, session: Session): void {
  const group = addVerb(program, {
    name: 'audit',
    about: 'list who changed what, newest first',
    example:
      'latchkey audit --since 24h --actor ann\n  $ latchkey audit --target key_01K8ZX3V9Q --since 2027-01-31',
  })
    .option('--since <time>', 'only from then on: a time, or how long ago, such as 24h', parsePast)
    .option('--until <time>', 'only before then: the same', parsePast)
    .option('--actor <name>', "only what this one changed: an admin token's name")
    .option('--target <id>', 'only changes of this key or merchant, or of this denial')
    .option('--action <name>', 'only changes of this kind, such as key.revoke')
    .option('--request <id>', 'only what this call of the admin API changed, req_…')
    .option('--limit <count>', 'at most so many', parseCount, defaultLimit)
    .action(async (flags: AuditFlags) => {
      const { actor, target, action, request, since, until, limit } = flags
      const now = session.now()
      const range = { since: since?.(now), until: until?.(now) }
      const query = { actor, target, action, request_id: request, ...range }
      const call = { doing: 'read the audit', path: '/audit', query }
      const answer = await session.connect().list(call, limit)
      const header = ['AT', 'ACTOR', 'ACTION', 'TARGET', 'CHANGE', 'REASON', 'REQUEST']
      showRows(session, flags, { answer, header, rowOf: (one) => rowOf(checked(AuditObject, one)) })
      if (answer.next_cursor !== null)
        session.io.stderr(`the newest ${limit}; there are more: --limit, or a narrower filter\n`)
    })
  // What stands behind a verb below is that one's: both have --json.
  program.enablePositionalOptions()
  group.enablePositionalOptions()
  registerAuditVerify(group, session)
  registerAuditExport(group, session)
}

function rowOf(entry: AuditObject): Cell[] {
  return [
    shortTime(entry.at),
    entry.actor,
    entry.action,
    entry.target,
    changeText(entry),
    entry.reason ?? '-',
    entry.request_id,
  ]
}

/** `status: active → disabled`; of something new its name alone. */
function changeText({ before, after }: AuditObject): string {
  if (before === null) return textOf(after?.name ?? '-')
  const names = [...new Set([...Object.keys(before), ...Object.keys(after ?? {})])]
  const changes = names.flatMap((name) => {
    const [was, is] = [textOf(before[name]), textOf(after?.[name])]
    if (was === is) return []
    // What a secret is, but for its end, is nothing that people compare.
    return [name === 'secrets' ? 'secrets' : `${name}: ${was} → ${is}`]
  })
  return changes.join(', ') || '-'
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return 'none'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
