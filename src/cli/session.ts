// What a verb over the admin API works with: who it talks to, what time it is, and how it shows what it got.

import type { Command } from 'commander'
import type { AdminClient } from './admin/admin-client.ts'
import { checked, PendingPart } from './admin/admin-objects.ts'
import type { CliIo } from './io.ts'
import { type Cell, renderTable } from './table.ts'
import { printable } from '../errors/printable.ts'

export interface Session {
  readonly io: CliIo
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Reads the environment, which `--help` does without. Throws CliError (wrong usage). */
  connect(): AdminClient
}

/** The options that every verb has. */
export interface OutputFlags {
  readonly json?: true
}

/** Adds a verb with `--json` and an example in its help. */
export function addVerb(
  group: Command,
  verb: { readonly name: string; readonly about: string; readonly example: string },
): Command {
  return group
    .command(verb.name)
    .description(verb.about)
    .option('--json', "print the admin API's JSON")
    .addHelpText('after', `\nExample:\n  $ ${verb.example}`)
}

export interface ChangeFlags extends OutputFlags {
  readonly reason?: string
}

/** As `addVerb`, of a verb that changes something. */
export function addChange(group: Command, verb: Parameters<typeof addVerb>[1]): Command {
  return addVerb(group, verb).option('--reason <text>', 'why, kept in the audit')
}

/** Prints an answer: as it came with `--json`, else as `render` puts it for people. */
export function show(
  session: Session,
  flags: OutputFlags,
  shown: { readonly answer: unknown; render(isColoured: boolean): string },
): void {
  const { io } = session
  if (flags.json) io.stdout(`${JSON.stringify(shown.answer, null, 2)}\n`)
  else io.stdout(shown.render(io.isTerminal && !io.env.NO_COLOR))
}

/** Prints the objects of a list as rows of a table. */
export function showRows(
  session: Session,
  flags: OutputFlags,
  shown: {
    readonly answer: { readonly data: readonly unknown[] }
    readonly header: readonly string[]
    rowOf(object: unknown): readonly Cell[]
  },
): void {
  const { answer, header, rowOf } = shown
  show(session, flags, {
    answer,
    render: (isColoured) => renderTable(header, answer.data.map(rowOf), isColoured),
  })
}

/** Prints a change's answer; warns of the instances that have not applied it. */
export function showChange(
  session: Session,
  flags: OutputFlags,
  shown: { readonly answer: unknown; render(isColoured: boolean): string },
): void {
  show(session, flags, shown)
  const { pending, redis } = checked(PendingPart, shown.answer)
  if (redis === 'behind') {
    session.io.stderr(
      'warning: the change is made, but Redis could not take it yet; until it has, an instance that starts while Postgres is away may decide by what was before\n',
    )
  }
  if (pending.length === 0) return
  const number = pending.length === 1 ? '1 instance has' : `${pending.length} instances have`
  const lines = pending.map(
    ({ instance, last_seen_at: seen, dead_by: deadBy }) =>
      `  ${printable(instance)}: last seen ${shortTime(seen)}, works by what it knew until ${shortTime(deadBy)} at the latest\n`,
  )
  session.io.stderr(`warning: the change is made, but ${number} not applied it yet\n${lines.join('')}`)
}

/** RFC 3339 → `2026-01-15 12:00:05Z`; null → `fallback`. */
export function shortTime(text: string | null, fallback = '-'): string {
  if (text === null) return fallback
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) return printable(text)
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`
}
