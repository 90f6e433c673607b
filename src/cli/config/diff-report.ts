// What a change opens and closes, as text or as data.

import type { Change, Side } from '../../tables/difference/change.ts'
import { type Cell, renderTable } from '../table.ts'
import { count } from './count.ts'

/** The members of `--json`. */
export function diffJson(changes: readonly Change[]): object {
  const told = changes.map((change) => ({
    kind: change.kind,
    method: change.method,
    route: decidingRoute(change)?.template ?? null,
    source: decidingRoute(change)?.source ?? null,
    path: change.path,
    hosts: change.hosts,
    who: { api: change.api, environments: change.environments, permissions: change.permissions },
    before: sideJson(change.before),
    after: sideJson(change.after),
  }))
  return {
    opens: told.some(({ kind }) => kind === 'opened'),
    opened: told.filter(({ kind }) => kind === 'opened'),
    closed: told.filter(({ kind }) => kind === 'closed'),
  }
}

/** The route that now lets pass, or did. */
function decidingRoute({ kind, before, after }: Change): Side['route'] {
  return (kind === 'opened' ? after : before).route
}

export interface DiffLook {
  readonly isColoured: boolean
  /** How many environments an API has, in whichever table it has more. */
  environmentsOf(api: string): number
}

/** Newly opened first. */
export function diffText(changes: readonly Change[], look: DiffLook): string {
  if (changes.length === 0) return 'no decision changes\n'
  const opened = changes.filter(({ kind }) => kind === 'opened')
  const closed = changes.filter(({ kind }) => kind === 'closed')
  return [
    section('could not and now can', opened, look),
    section('could and now cannot', closed, look),
    `${count(opened.length, 'decision')} opened, ${closed.length} closed\n`,
  ].join('')
}

function section(title: string, changes: readonly Change[], look: DiffLook): string {
  if (changes.length === 0) return ''
  const rows = changes.map((change): Cell[] => {
    const { kind, method, path, before, after } = change
    const deciding = decidingRoute(change)
    return [
      { text: kind === 'opened' ? '+' : '-', colour: kind === 'opened' ? 'red' : 'yellow' },
      `${method} ${deciding?.template ?? path}`,
      whoText(change, look),
      sideText(before),
      sideText(after),
      path,
      { text: deciding?.source ?? '', colour: 'dim' },
    ]
  })
  const header = ['', 'ROUTE', 'WHO', 'BEFORE', 'NOW', 'SEEN AT', 'SOURCE']
  return `${title}\n${renderTable(header, rows, look.isColoured)}\n`
}

function whoText({ api, environments, permissions }: Change, look: DiffLook): string {
  if (permissions === null) return 'anyone, without a key'
  const held = permissions.join(' and ')
  const isAny = environments?.length === look.environmentsOf(api)
  return `${api}${isAny ? '' : ` ${environments?.join() ?? ''}`} key with ${held}`
}

function sideText({ route, refusal }: Side): string {
  if (route === undefined) return refusal ?? 'passes'
  const { requirement } = route
  if (requirement.kind === 'public') return 'public'
  return requirement.permissions.join(requirement.kind === 'all' ? ' and ' : ' or ')
}

function sideJson({ route, refusal }: Side): unknown {
  return {
    code: refusal,
    route:
      route === undefined ? null : { method: route.method, template: route.template, source: route.source },
    required: route === undefined || route.requirement.kind === 'public' ? [] : route.requirement.permissions,
    match: route === undefined ? null : route.requirement.kind === 'public' ? 'none' : route.requirement.kind,
  }
}
