// `latchkey audit export`: the audit as a file. What is not whole never stands under the file's name.

import { open, rename, rm } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { whyUnwritable } from '../../config/file-fault.ts'
import type { AdminCall } from '../admin/admin-call.ts'
import { parsePast } from '../duration.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { addVerb, type OutputFlags, type Session, show } from '../session.ts'

interface ExportFlags extends OutputFlags {
  readonly format: 'csv' | 'jsonl'
  readonly output: string
  readonly since?: (nowMs: number) => string
  readonly until?: (nowMs: number) => string
  readonly actor?: string
  readonly target?: string
}

const mebibyte = 1024 * 1024
const toldEveryBytes = 16 * mebibyte
/** A large audit takes its time. */
const timeoutMs = 6 * 60 * 60_000

export function registerAuditExport(group: Command, session: Session): void {
  addVerb(group, {
    name: 'export',
    about: 'write the audit to a file, oldest first',
    example: 'latchkey audit export --format csv --since 90d --output audit.csv',
  })
    .requiredOption('--output <file>', 'where to; one that is there is replaced')
    .addOption(
      new Option('--format <format>', 'CSV or JSON Lines').choices(['csv', 'jsonl']).default('jsonl'),
    )
    .option('--since <time>', 'only from then on: a time, or how long ago, such as 24h', parsePast)
    .option('--until <time>', 'only before then: the same', parsePast)
    .option('--actor <name>', "only what this one changed: an admin token's name")
    .option('--target <id>', 'only changes of this key or merchant, or of this denial')
    .action(async (flags: ExportFlags) => {
      const { format, actor, target, since, until } = flags
      const now = session.now()
      const query = { format, actor, target, since: since?.(now), until: until?.(now) }
      const call = {
        doing: 'export the audit',
        method: 'GET',
        path: '/audit/export',
        query,
        timeoutMs,
      } as const
      const bytes = await saved(session, call, flags.output)
      const answer = { output: flags.output, format, bytes }
      show(session, flags, { answer, render: () => `${bytes} bytes written\n` })
    })
}

/** Only its owner may read it: it names people and addresses. */
async function saved(session: Session, call: AdminCall, path: string): Promise<number> {
  const body = await session.connect().download(call)
  const part = `${path}.part`
  let bytes = 0
  try {
    await rm(part, { force: true })
    const file = await open(part, 'wx', 0o600)
    try {
      for await (const piece of body) {
        await file.writeFile(piece)
        const before = bytes
        bytes += piece.length
        if (Math.floor(bytes / toldEveryBytes) > Math.floor(before / toldEveryBytes))
          session.io.stderr(`${Math.floor(bytes / mebibyte)} MiB so far\n`)
      }
    } finally {
      await file.close()
    }
    await rename(part, path)
    return bytes
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined)
    throw error instanceof CliError
      ? error
      : new CliError(`${path} ${whyUnwritable(error)}`, exitCodes.failed)
  }
}
