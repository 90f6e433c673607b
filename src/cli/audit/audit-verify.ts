// `latchkey audit verify`: whether entries of the audit were changed, removed or put in.

import { type Command, InvalidArgumentError } from 'commander'
import { type Static, Type } from 'typebox'
import { printable } from '../../errors/printable.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { checked } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { addVerb, type OutputFlags, type Session, show } from '../session.ts'

const Part = Type.Object({
  checked: Type.Integer(),
  forgotten: Type.Integer(),
  faults: Type.Array(
    Type.Object({
      kind: Type.String(),
      entry: Type.Union([Type.Integer(), Type.Null()]),
      seq: Type.Union([Type.Integer(), Type.Null()]),
      message: Type.String(),
    }),
  ),
  end: Type.Object({ seq: Type.Integer(), sha256: Type.String() }),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})
type Part = Static<typeof Part>
type Whole = Omit<Part, 'next_cursor'>

interface VerifyFlags extends OutputFlags {
  readonly anchor?: string
}

const help = `
Exit code 1 where anything was found. Whoever owns the database could make the whole chain anew; the log has its ends
("audit linked", seq and sha256): --anchor compares with one of them.`

export function registerAuditVerify(group: Command, session: Session): void {
  addVerb(group, {
    name: 'verify',
    about: 'find entries of the audit that were changed, removed or put in',
    example: 'latchkey audit verify\n  $ latchkey audit verify --anchor 812:9f86d0…',
  })
    .option('--anchor <seq:sha256>', 'a link as the log has it', parseAnchor)
    .addHelpText('after', help)
    .action(async (flags: VerifyFlags) => {
      const found = await followed(session.connect(), flags.anchor)
      show(session, flags, { answer: found, render: () => textOf(found) })
      if (found.faults.length > 0) {
        const number = found.faults.length === 1 ? '1 fault' : `${found.faults.length} faults`
        throw new CliError(`the audit is not as it was written: ${number}`, exitCodes.failed)
      }
    })
}

async function followed(client: AdminClient, anchor: string | undefined): Promise<Whole> {
  let whole: Whole = { checked: 0, forgotten: 0, faults: [], end: { seq: 0, sha256: '' } }
  let cursor: string | undefined
  do {
    const query = cursor === undefined ? { anchor } : { cursor }
    const call = { doing: 'verify the audit', method: 'GET', path: '/audit/verify', query } as const
    const part = checked(Part, await client.call(call))
    whole = {
      checked: whole.checked + part.checked,
      forgotten: whole.forgotten + part.forgotten,
      faults: [...whole.faults, ...part.faults],
      end: part.end,
    }
    cursor = part.next_cursor ?? undefined
  } while (cursor !== undefined)
  return whole
}

function textOf({ checked: count, forgotten, faults, end }: Whole): string {
  const kept = forgotten === 0 ? '' : `, ${forgotten} at the beginning are kept no longer`
  const lines = faults.map(({ kind, message }) => `${printable(kind)}: ${printable(message)}\n`)
  return `${lines.join('')}${count} entries compared${kept}. The last link is ${end.seq}:${printable(end.sha256)}\n`
}

function parseAnchor(text: string): string {
  if (/^[1-9]\d{0,14}:[0-9a-f]{64}$/.test(text)) return text
  throw new InvalidArgumentError('It must be seq and sha256 of a line "audit linked", with a colon between.')
}
