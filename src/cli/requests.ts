// `latchkey requests …`: what became of a request that somebody asks about.

import type { Command } from 'commander'
import { pathPart } from './admin/admin-call.ts'
import { checked, RequestObject } from './admin/admin-objects.ts'
import { parseCount, parsePast } from './duration.ts'
import { addVerb, type OutputFlags, type Session, shortTime, show, showRows } from './session.ts'
import { type Cell, renderFields } from './table.ts'

export function registerRequests(program: Command, session: Session): void {
  const group = program
    .command('requests')
    .description('what became of requests: refusals of known keys and failures of upstreams, for 7 days')
    .addHelpText('after', '\nExample:\n  $ latchkey requests show req_01K8ZX3V9Q4M7N2R5T8W1Y3B6D')
  registerShow(group, session)
  registerList(group, session)
}

function registerShow(group: Command, session: Session): void {
  addVerb(group, {
    name: 'show',
    about: 'show what became of a request, and why',
    example: 'latchkey requests show req_01K8ZX3V9Q4M7N2R5T8W1Y3B6D',
  })
    .argument('<id>', 'request, as X-Request-Id and the error said it: req_…')
    .action(async (id: string, flags: OutputFlags) => {
      const path = `/requests/${pathPart(id)}`
      const answer = await session.connect().call({ doing: `show request ${id}`, method: 'GET', path })
      const render = (isColoured: boolean) => textOf(checked(RequestObject, answer), isColoured)
      show(session, flags, { answer, render })
    })
}

interface ListFlags extends OutputFlags {
  readonly key?: string
  readonly merchant?: string
  readonly code?: string
  readonly since?: (nowMs: number) => string
  readonly until?: (nowMs: number) => string
  readonly limit: number
}

const defaultLimit = 50

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list refused and failed requests, newest first',
    example: 'latchkey requests list --key key_01K8ZX3V9Q --code INSUFFICIENT_PERMISSIONS --since 2h',
  })
    .option('--key <id>', 'only those with this key')
    .option('--merchant <id>', 'only those with a key of this merchant')
    .option('--code <code>', 'only those that were answered with this code')
    .option('--since <time>', 'from then on: a time, or how long ago, such as 2h', parsePast)
    .option('--until <time>', 'before then: the same', parsePast)
    .option('--limit <count>', 'at most so many', parseCount, defaultLimit)
    .action(async (flags: ListFlags) => {
      const { key, merchant, code, since, until, limit } = flags
      const now = session.now()
      const range = { since: since?.(now), until: until?.(now) }
      const query = { key_id: key, merchant_id: merchant, code, ...range }
      const answer = await session.connect().list({ doing: 'list requests', path: '/requests', query }, limit)
      const header = ['AT', 'REQUEST', 'KEY', 'ROUTE', 'STATUS', 'CODE', 'REASON']
      showRows(session, flags, { answer, header, rowOf: (one) => rowOf(checked(RequestObject, one)) })
      if (answer.next_cursor !== null)
        session.io.stderr(`the newest ${limit}; there are more: --limit, or a narrower filter\n`)
    })
}

function rowOf(one: RequestObject): Cell[] {
  const status = one.status === 0 ? '-' : String(one.status)
  const end = [one.code ?? '-', one.reason ?? one.cut ?? '-']
  return [shortTime(one.at), one.id, one.key_id ?? '-', one.route || '-', status, ...end]
}

function textOf(one: RequestObject, isColoured: boolean): string {
  const times = Object.entries(one.times).flatMap(([name, ms]) =>
    ms === null || ms === 0 ? [] : [`${name.replace(/_ms$/, '')} ${ms} ms`],
  )
  return renderFields(
    [
      ['Request', one.id],
      ['At', shortTime(one.at)],
      ['API', [one.api, one.environment].filter((part) => part !== '').join(' ')],
      ['Route', one.route || '-'],
      ['Merchant', one.merchant_id ?? '-'],
      ['Key', one.key_id ?? '-'],
      ['Decision', one.decision],
      ['Status', one.status === 0 ? 'nothing was answered' : String(one.status)],
      ['Code', one.code ?? '-'],
      ['Reason', one.reason ?? '-'],
      ...(one.required.length > 0 ? [['Needs', one.required.join(', ')] as const] : []),
      ['Upstream', one.upstream_status === null ? '-' : `answered ${one.upstream_status}`],
      ...(one.cut === null ? [] : [['Cut by', one.cut] as const]),
      ['Times', times.join(', ')],
      ['Why', one.explanation],
    ],
    isColoured,
  )
}
