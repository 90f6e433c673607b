// `latchkey deny …`: the emergency stop. Works while the databases are away.

import { Argument, type Command } from 'commander'
import { type Static, Type } from 'typebox'
import { type DenyKind, denyKinds } from '../config/deny.ts'
import { checked, NullableText } from './admin/admin-objects.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  shortTime,
  show,
} from './session.ts'
import { renderTable } from './table.ts'
import { printable } from '../errors/printable.ts'

const DenyRows = Type.Object({
  data: Type.Array(
    Type.Object({
      kind: Type.String(),
      value: Type.String(),
      source: Type.String(),
      at: NullableText,
      actor: NullableText,
    }),
  ),
})

const DenyAnswer = Type.Object({
  kind: Type.String(),
  value: Type.String(),
  denied: Type.Boolean(),
  in_file: Type.Boolean(),
  instance: Type.String(),
  spread: Type.Boolean(),
  pending: Type.Union([
    Type.Array(Type.Object({ instance: Type.String(), last_seen_at: Type.String() })),
    Type.Null(),
  ]),
})
type DenyAnswer = Static<typeof DenyAnswer>

const kindsHelp = `
Kinds:
  key         id of a key, key_…, or of a client of OAuth, cli_…
  merchant    id of a merchant, mer_…: all its keys
  prefix      beginning of a secret, 4 characters or more, or all of it
  permission  name of a permission: held by nobody
  client      address or CIDR block, on public routes too`

export function registerDeny(program: Command, session: Session): void {
  const group = program
    .command('deny')
    .description('the emergency stop: refuse keys, merchants, prefixes, permissions, clients at once')
    .addHelpText('after', '\nExample:\n  $ latchkey deny add key key_01K8ZX3V9Q')
  registerList(group, session)
  registerChange(group, session, {
    name: 'add',
    method: 'POST',
    about: 'deny something, on every instance that Redis reaches; a restart without Redis forgets it',
    example: 'latchkey deny add client 203.0.113.0/24\n  $ latchkey deny add prefix pk_live_A1b2',
  })
  registerChange(group, session, {
    name: 'remove',
    method: 'DELETE',
    about: 'take back what `deny add` has denied; what the deny file lists, only the file can take back',
    example: 'latchkey deny remove merchant mer_01K8ZX3V9Q',
  })
}

function registerList(group: Command, session: Session): void {
  addVerb(group, {
    name: 'list',
    about: 'list what is denied, by the deny file and by hand',
    example: 'latchkey deny list',
  }).action(async (flags: OutputFlags) => {
    // All in one answer: this list has no pages.
    const answer = await session
      .connect()
      .call({ doing: 'list what is denied', method: 'GET', path: '/deny' })
    const render = (isColoured: boolean) => {
      const rows = checked(DenyRows, answer).data.map((row) => [
        row.kind,
        valueText(row.value),
        row.source,
        shortTime(row.at),
        row.actor ?? '-',
      ])
      return renderTable(['KIND', 'VALUE', 'BY', 'SINCE', 'ACTOR'], rows, isColoured)
    }
    show(session, flags, { answer, render })
  })
}

interface ChangeVerb {
  readonly name: string
  readonly method: 'POST' | 'DELETE'
  readonly about: string
  readonly example: string
}

function registerChange(group: Command, session: Session, verb: ChangeVerb): void {
  addChange(group, verb)
    .addArgument(new Argument('<kind>', 'what to name it by').choices(denyKinds))
    .argument('<value>', 'which one')
    .addHelpText('after', kindsHelp)
    .action(async (kind: DenyKind, value: string, flags: ChangeFlags) => {
      // The value may be a secret's beginning: no message repeats it.
      const doing = verb.name === 'add' ? `deny the ${kind}` : `take back the denial of the ${kind}`
      const { method } = verb
      const call = { doing, method, path: '/deny', body: { kind, value }, reason: flags.reason }
      const answer = await session.connect().call(call)
      show(session, flags, { answer, render: () => changeText(checked(DenyAnswer, answer)) })
      session.io.stderr(warningText(checked(DenyAnswer, answer)))
    })
}

function changeText({ kind, value, denied, in_file: isInFile }: DenyAnswer): string {
  const subject = `${kind} ${valueText(value)}`
  if (!denied) return `The ${subject} is no longer denied.\n`
  return isInFile ? `The ${subject} is denied, by the deny file.\n` : `The ${subject} is denied.\n`
}

/** What the operator must know before believing in it. */
function warningText({ instance, spread, pending }: DenyAnswer): string {
  const lines = (pending ?? []).map(
    (one) => `  ${printable(one.instance)}: last seen ${shortTime(one.last_seen_at)}\n`,
  )
  const where = `warning: in force on ${printable(instance)}`
  if (!spread) {
    return (
      `${where} and its workers alone, until it restarts: Redis is not used or does not answer. It is handed on when ` +
      `Redis is back; the deny file needs no Redis.\n${lines.length > 0 ? `These may not have it:\n${lines.join('')}` : ''}`
    )
  }
  if (pending === null) return `${where} and in Redis; nobody could be asked which instances have it\n`
  return lines.length === 0
    ? ''
    : `${where} and in Redis; these have not said that they have it:\n${lines.join('')}`
}

/** A long prefix is kept as `<first 12>~<length>~<hash>`. */
function valueText(value: string): string {
  const [start = '', length] = value.split('~')
  return printable(length === undefined ? start : `${start}… (${length} characters)`)
}
