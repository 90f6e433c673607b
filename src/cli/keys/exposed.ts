// `latchkey keys exposed`: tells of secrets that stand where they must not. They come from a file or a pipe: what is typed stays in a
// shell's history, and others see it among the processes.

import type { Command } from 'commander'
import { Type } from 'typebox'
import { checked, NullableText } from '../admin/admin-objects.ts'
import { readSecrets, standardInput } from './check-secret.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { addChange, type ChangeFlags, type Session, showChange } from '../session.ts'
import { renderTable } from '../table.ts'

const ExposedAnswer = Type.Object({
  data: Type.Array(Type.Object({ key_id: NullableText, last4: NullableText, outcome: Type.String() })),
})

/** In one call. */
const mostSecrets = 1_000

interface ExposedFlags extends ChangeFlags {
  readonly url?: string
}

export function registerExposed(group: Command, session: Session): void {
  addChange(group, {
    name: 'exposed',
    about:
      'tell of secrets that stand in public; what becomes of their keys, `exposed` of their environment says',
    example: 'latchkey keys exposed --url https://paste.example/1 < secrets.txt',
  })
    .argument('[secrets]', 'file with a secret a line', standardInput)
    .option('--url <url>', 'where they stand')
    .action(async (file: string, flags: ExposedFlags) => {
      const secrets = [...(await readSecrets(file)).values()]
      if (secrets.length > mostSecrets)
        throw new CliError(
          `${file} holds more than ${mostSecrets} secrets: send it in parts`,
          exitCodes.usage,
        )
      const { url, reason } = flags
      const reports = secrets.map((secret) => ({ secret, ...(url !== undefined && { url }) }))
      const call = { method: 'POST', path: '/keys/exposed', body: { reports }, reason } as const
      const answer = await session.connect().call({ doing: 'tell of exposed secrets', ...call })
      const render = (isColoured: boolean) => {
        const rows = checked(ExposedAnswer, answer).data.map(({ key_id: id, last4, outcome }, index) => [
          ...[String(index + 1), id ?? '-', last4 === null ? '-' : `…${last4}`, outcome],
        ])
        return renderTable(['SECRET', 'KEY', 'ENDS', 'OUTCOME'], rows, isColoured)
      }
      showChange(session, flags, { answer, render })
    })
}
