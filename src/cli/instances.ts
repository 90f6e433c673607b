// `latchkey instances`: the processes that serve, and how far each has come.

import type { Command } from 'commander'
import { checked, InstanceList, type InstanceObject } from './admin-objects.ts'
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
  })
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
