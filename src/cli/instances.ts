// `latchkey instances`: the processes that serve, and how far each has come.

import type { Command } from 'commander'
import { printable } from '../errors/printable.ts'
import { checked, InstanceList, type InstanceObject } from './admin/admin-objects.ts'
import { addVerb, type OutputFlags, type Session, shortTime, show } from './session.ts'
import { type Cell, renderTable } from './table.ts'

const header = ['ID', 'ROLE', 'HOST', 'PID', 'VERSION', 'REVISION', 'STARTED', 'LAST SEEN']

export function registerInstances(program: Command, session: Session): void {
  addVerb(program, {
    name: 'instances',
    about: 'list the processes that serve, and the revision that each has applied',
    example: 'latchkey instances',
  }).action(async (flags: OutputFlags) => {
    // All in one answer: this list has no pages.
    const answer = await session
      .connect()
      .call({ doing: 'list instances', method: 'GET', path: '/instances' })
    const render = (isColoured: boolean) =>
      renderTable(header, checked(InstanceList, answer).data.map(instanceRow), isColoured)
    show(session, flags, { answer, render })
    session.io.stderr(warningText(checked(InstanceList, answer).data))
  })
}

/** By more than what answers take on their way. */
const mostApartMs = 1_000

/** What is wrong between them. */
function warningText(instances: readonly InstanceObject[]): string {
  const clocks = instances.flatMap(({ id, clock_offset_ms: offsetMs }) => {
    if (typeof offsetMs !== 'number' || Math.abs(offsetMs) <= mostApartMs) return []
    const seconds = (Math.abs(offsetMs) / 1_000).toFixed(1)
    return [
      `warning: the clock of ${printable(id)} is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} the database's\n`,
    ]
  })
  const withKeys = instances.filter(({ cache_keys: keys = [] }) => keys.length > 0)
  const areApart = withKeys.some(({ cache_keys: [first = ''] = [] }) =>
    withKeys.some(({ cache_keys: keys = [] }) => !keys.includes(first)),
  )
  if (!areApart) return clocks.join('')
  const keys = withKeys.map(
    ({ id, cache_keys: own = [] }) => `  ${printable(id)}: ${printable(own.join(', '))}\n`,
  )
  const apart =
    'warning: LATCHKEY_CACHE_KEY is not the same everywhere; what is denied by hand does not reach all\n'
  return `${clocks.join('')}${apart}${keys.join('')}`
}

function instanceRow(instance: InstanceObject): Cell[] {
  return [
    instance.id,
    instance.role,
    instance.host,
    String(instance.pid),
    instance.version,
    // An instance that has applied nothing yet says -1.
    instance.applied_revision < 0 ? '-' : String(instance.applied_revision),
    shortTime(instance.started_at),
    shortTime(instance.last_seen_at),
  ]
}
