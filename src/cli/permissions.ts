// `latchkey permissions`: what keys can be given, as the tables in force have it.

import type { Command } from 'commander'
import { checked, PermissionsList } from './admin/admin-objects.ts'
import { CliError } from './errors.ts'
import { exitCodes } from './exit.ts'
import { addVerb, type OutputFlags, type Session, show } from './session.ts'
import { renderTable } from './table.ts'

export function registerPermissions(program: Command, session: Session): void {
  addVerb(program, {
    name: 'permissions',
    about: 'list the permissions of every API, as they are in force',
    example: 'latchkey permissions --api flintn',
  })
    .option('--api <name>', 'of this API alone')
    .action(async (flags: OutputFlags & { readonly api?: string }) => {
      // All in one answer: this list has no pages.
      const call = { doing: 'list the permissions', method: 'GET', path: '/permissions' } as const
      const all = checked(PermissionsList, await session.connect().call(call)).data
      const data = all.filter(({ api }) => flags.api === undefined || api === flags.api)
      if (data.length === 0 && all.length > 0) throw unknownApi(all.map(({ api }) => api))
      const render = (isColoured: boolean) => {
        const rows = data.flatMap(({ api, permissions }) =>
          permissions.map(({ name, description }) => [api, name, description]),
        )
        return renderTable(['API', 'PERMISSION', 'WHAT IT ALLOWS'], rows, isColoured)
      }
      show(session, flags, { answer: { data, next_cursor: null }, render })
    })
}

function unknownApi(names: readonly string[]): CliError {
  return new CliError(`there is no such API; there are ${names.join(', ')}`, exitCodes.failed)
}
