// Verbs that several kinds of things have alike: list those of a merchant, show one, change one by a call, give one another secret.

import type { Command } from 'commander'
import { pathPart } from './admin/admin-call.ts'
import { parseGrace } from './duration.ts'
import {
  addChange,
  addVerb,
  type ChangeFlags,
  type OutputFlags,
  type Session,
  show,
  showRows,
} from './session.ts'
import type { Cell } from './table.ts'

/** What the verbs are of, such as clients. */
export interface Kind {
  /** In messages, such as `client`. */
  readonly noun: string
  /** Of the admin API, such as `/clients`. */
  readonly path: string
  /** How their ids look, such as `cli_…`. */
  readonly ids: string
  /** An id for examples. */
  readonly example: string
  /** An answer of the admin API, for people. Throws CliError where it is none. */
  text(answer: unknown, isColoured: boolean): string
}

/** As `text`, with the secret that the answer holds. */
export type ShowSecret = (session: Session, flags: OutputFlags, answer: unknown) => void

interface Verb {
  readonly name: string
  readonly about: string
}

interface ListFlags extends OutputFlags {
  readonly merchant?: string
}

/** `list`, with `--merchant`. */
export function addList(
  group: Command,
  session: Session,
  list: { readonly kind: Kind; readonly header: readonly string[]; rowOf(object: unknown): readonly Cell[] },
): void {
  const { kind, header, rowOf } = list
  const plural = `${kind.noun}s`
  addVerb(group, {
    name: 'list',
    about: `list ${plural}, newest first`,
    example: `latchkey ${group.name()} list`,
  })
    .option('--merchant <id>', 'of this merchant alone, mer_…')
    .action(async (flags: ListFlags) => {
      const call = { doing: `list ${plural}`, path: kind.path, query: { merchant_id: flags.merchant } }
      showRows(session, flags, { answer: await session.connect().list(call), header, rowOf })
    })
}

/** `show ID`. */
export function addShow(group: Command, session: Session, kind: Kind): void {
  addVerb(group, { name: 'show', about: `show a ${kind.noun}`, example: exampleOf(group, kind, 'show') })
    .argument('<id>', `${kind.noun}, ${kind.ids}`)
    .action(async (id: string, flags: OutputFlags) => {
      const call = { doing: `show ${kind.noun} ${id}`, method: 'GET', path: pathOf(kind, id) } as const
      const answer = await session.connect().call(call)
      show(session, flags, { answer, render: (isColoured) => kind.text(answer, isColoured) })
    })
}

/** A verb that is one call about one thing, without options of its own. */
export function addCall(
  group: Command,
  session: Session,
  verb: Verb & {
    readonly kind: Kind
    readonly method: 'POST' | 'PATCH' | 'DELETE'
    /** Below the thing's own path, such as `disable`. */
    readonly below?: string
    readonly query?: Readonly<Record<string, string>>
    readonly body?: Readonly<Record<string, unknown>>
    render(answer: unknown, isColoured: boolean): string
  },
): void {
  const { kind, name, about, method, below, query, body } = verb
  addChange(group, { name, about, example: exampleOf(group, kind, name) })
    .argument('<id>', `${kind.noun}, ${kind.ids}`)
    .action(async (id: string, flags: ChangeFlags) => {
      const path = below === undefined ? pathOf(kind, id) : `${pathOf(kind, id)}/${below}`
      const call = { doing: `${name} ${kind.noun} ${id}`, method, path, reason: flags.reason }
      const answer = await session
        .connect()
        .call({ ...call, ...(query !== undefined && { query }), ...(body !== undefined && { body }) })
      show(session, flags, { answer, render: (isColoured) => verb.render(answer, isColoured) })
    })
}

interface RotateFlags extends ChangeFlags {
  readonly grace?: number
}

/** `rotate-secret ID --grace`. */
export function addSecretRotation(
  group: Command,
  session: Session,
  rotation: {
    readonly kind: Kind
    readonly about: string
    readonly graceHelp: string
    readonly showSecret: ShowSecret
  },
): void {
  const { kind, about, graceHelp, showSecret } = rotation
  const name = 'rotate-secret'
  addChange(group, { name, about, example: `${exampleOf(group, kind, name)} --grace 24h` })
    .argument('<id>', `${kind.noun}, ${kind.ids}`)
    .option('--grace <duration>', graceHelp, parseGrace)
    .action(async (id: string, flags: RotateFlags) => {
      const body = flags.grace === undefined ? {} : { grace_seconds: flags.grace }
      const doing = `rotate the secret of ${kind.noun} ${id}`
      const call = { doing, method: 'POST', path: `${pathOf(kind, id)}/rotate-secret`, body } as const
      showSecret(session, flags, await session.connect().call({ ...call, reason: flags.reason }))
    })
}

/** The path of one of them in the admin API. */
export function pathOf(kind: Kind, id: string): string {
  return `${kind.path}/${pathPart(id)}`
}

function exampleOf(group: Command, kind: Kind, verb: string): string {
  return `latchkey ${group.name()} ${verb} ${kind.example}`
}
