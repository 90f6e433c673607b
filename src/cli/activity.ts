// `latchkey activity`: how often keys were used, added up.

import { type Command, Option } from 'commander'
import { checked, TotalObject } from './admin/admin-objects.ts'
import { parseCount, parsePast } from './duration.ts'
import { addVerb, type OutputFlags, type Session, showRows } from './session.ts'
import type { Cell } from './table.ts'

const groupings = ['merchant', 'key', 'api', 'environment', 'route', 'outcome', 'day'] as const
type Grouping = (typeof groupings)[number]

interface ActivityFlags extends OutputFlags {
  readonly key?: string
  readonly merchant?: string
  readonly api?: string
  readonly env?: string
  readonly route?: string
  readonly outcome?: string
  readonly by?: Grouping
  readonly since?: (nowMs: number) => string
  readonly until?: (nowMs: number) => string
  readonly limit: number
}

const defaultLimit = 50

export function registerActivity(program: Command, session: Session): void {
  addVerb(program, {
    name: 'activity',
    about: 'show how often keys were used in the last 24 hours, the most used first',
    example:
      'latchkey activity --merchant mer_01K8ZX3V9Q\n  $ latchkey activity --key key_01K8ZX3V9Q --by outcome --since 7d',
  })
    .addOption(new Option('--key <id>', 'of this key, by route').conflicts('merchant'))
    .option('--merchant <id>', 'of the keys of this merchant, by key')
    .option('--api <name>', 'of keys for this API')
    .option('--env <environment>', 'of keys of this environment')
    .option('--route <route>', "only on this route: 'GET /v1/x/{id}'")
    .option('--outcome <outcome>', 'only those with this outcome: allow, or a code')
    .addOption(new Option('--by <what>', 'what is added up for itself').choices(groupings))
    .option('--since <time>', 'from then on: a time, or how long ago, such as 7d', parsePast)
    .option('--until <time>', 'before then: the same', parsePast)
    .option('--limit <count>', 'at most so many rows', parseCount, defaultLimit)
    .action(async (flags: ActivityFlags) => {
      const { key, merchant, api, env, route, outcome, since, until, limit } = flags
      const by = flags.by ?? groupingOf(flags)
      const now = session.now()
      const range = { since: since?.(now), until: until?.(now) }
      const whose = { key_id: key, merchant_id: merchant, api, environment: env }
      const query = { by, ...whose, route, outcome, ...range }
      const call = { doing: 'read the activity', path: '/activity', query }
      const answer = await session.connect().list(call, limit)
      const header = [...headers[by], 'REQUESTS', 'ALLOWED', 'REFUSED OR FAILED']
      showRows(session, flags, { answer, header, rowOf: (one) => rowOf(by, checked(TotalObject, one)) })
      if (answer.next_cursor !== null)
        session.io.stderr(`the first ${limit}; there are more: --limit, or a narrower filter\n`)
    })
}

function groupingOf({ key, merchant }: ActivityFlags): Grouping {
  if (key !== undefined) return 'route'
  return merchant === undefined ? 'merchant' : 'key'
}

const headers = {
  merchant: ['MERCHANT'],
  key: ['KEY'],
  api: ['API'],
  environment: ['API', 'ENVIRONMENT'],
  route: ['API', 'ROUTE'],
  outcome: ['OUTCOME'],
  day: ['DAY'],
} as const satisfies Record<Grouping, readonly string[]>

function rowOf(by: Grouping, total: TotalObject): Cell[] {
  const { merchant_id: merchant = '-', key_id: key = '-', api = '-', environment = '-' } = total
  const { route = '-', outcome = '-', day = '-' } = total
  const names = {
    ...{ merchant: [merchant], key: [key], api: [api], environment: [api, environment] },
    ...{ route: [api, route], outcome: [outcome], day: [day] },
  }[by]
  const figures = [total.count, total.allowed, total.count - total.allowed]
  return [...names, ...figures.map(String)]
}
