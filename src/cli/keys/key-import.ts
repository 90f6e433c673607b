// `latchkey keys import`: keys made elsewhere, from a file of JSON Lines of any size.

import type { Command } from 'commander'
import { printable } from '../../errors/printable.ts'
import type { AdminClient } from '../admin/admin-client.ts'
import { checked, ImportAnswer } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { type ImportFile, type ImportPart, openImportFile, partLimits } from './import-file.ts'
import { createProgress, mebibytes, type Progress, progressOption } from '../progress.ts'
import { addChange, type ChangeFlags, type Session, show, showChange } from '../session.ts'

/** For the largest import that the admin API takes. */
const importTimeoutMs = 10 * 60_000

const format = `
A line is a JSON object: merchant_id, api, environment, name, permissions, and secret, or sha256 and last4;
if need be expires_at and status. A fault in any line refuses all; a repeat leaves what is there as it is.
More than 64 MiB or 100,000 lines go in parts: first all are checked, then one after the other is made. What changes
meanwhile, and a secret that stands in two parts, is found when its part is made: the parts before it are there then.`

interface ImportFlags extends ChangeFlags {
  readonly allowWeak?: true
  readonly progress?: true
}

export function registerImport(group: Command, session: Session, limits = partLimits): void {
  addChange(group, {
    name: 'import',
    about: 'make keys whose secrets were made elsewhere',
    example: 'latchkey keys import keys.jsonl',
  })
    .argument('<file>', 'file of JSON Lines')
    .option('--allow-weak', 'take secrets of under 24 characters after the prefix, too')
    .option(...progressOption)
    .addHelpText('after', format)
    .action(async (name: string, flags: ImportFlags) => {
      const client = session.connect()
      const file = await openImportFile(name, limits)
      try {
        const progress = createProgress(session.io, { isAsked: flags.progress === true })
        await importFile({ name, file, flags, client, session, progress })
      } finally {
        await file.close()
      }
    })
}

interface Importing {
  readonly name: string
  readonly file: ImportFile
  readonly flags: ImportFlags
  readonly client: AdminClient
  readonly session: Session
  readonly progress: Progress
}

async function importFile(importing: Importing): Promise<void> {
  const { file, session, flags } = importing
  const [only, ...more] = file.parts
  if (only !== undefined && more.length === 0) {
    const answer = await send(importing, only)
    const { created, unchanged } = checked(ImportAnswer, answer)
    showChange(session, flags, { answer, render: () => `${sumText(created, unchanged)}.\n` })
    warn(session, answer, '')
    return
  }
  for (const part of file.parts) {
    await send(importing, part, true)
    session.io.stderr(`checked lines ${part.firstLine} to ${part.lastLine}\n`)
  }
  await importParts(importing)
}

/** Makes one part after the other; all have been checked. */
async function importParts(importing: Importing): Promise<void> {
  const { file, session, flags } = importing
  const { parts } = file
  const sum = { created: 0, unchanged: 0 }
  let last: unknown
  for (const [index, part] of parts.entries()) {
    const answer = await send(importing, part).catch((error: unknown) => {
      throw index === 0 ? error : broken(error, part)
    })
    const { created, unchanged, results } = checked(ImportAnswer, answer)
    sum.created += created
    sum.unchanged += unchanged
    last = answer
    const lines = `lines ${part.firstLine} to ${part.lastLine}`
    if (flags.json) {
      const shifted = results.map((result) => ({ ...result, line: result.line + part.firstLine - 1 }))
      const place = {
        number: index + 1,
        of: parts.length,
        first_line: part.firstLine,
        last_line: part.lastLine,
      }
      show(session, flags, { answer: { part: place, ...Object(answer), results: shifted }, render: () => '' })
    } else session.io.stderr(`imported ${lines}\n`)
    warn(session, answer, `${lines}: `)
  }
  // Who has applied the last of the changes has applied all.
  const render = () => `${sumText(sum.created, sum.unchanged)}, in ${parts.length} parts.\n`
  showChange(session, {}, { answer: last, render: flags.json ? () => '' : render })
}

async function send(importing: Importing, part: ImportPart, isDryRun = false): Promise<unknown> {
  const { name, file, flags, client, progress } = importing
  const lines = `lines ${part.firstLine} to ${part.lastLine}`
  const end = { now: () => {} }
  const body = counted(file.body(part), (bytes, isAll) => {
    if (isAll) end.now = progress.begin(`${lines} are sent, and are being ${isDryRun ? 'checked' : 'made'}`)
    else progress.at(`${lines}: ${mebibytes(bytes)} of ${mebibytes(part.end - part.start)} MiB are sent`)
  })
  const call = {
    doing: `import ${printable(name)}`,
    method: 'POST',
    path: '/keys/import',
    reason: flags.reason,
    query: { allow_weak: flags.allowWeak && 'true', dry_run: isDryRun ? 'true' : undefined },
    file: { type: 'application/x-ndjson', body, linesBefore: part.firstLine - 1 },
    timeoutMs: importTimeoutMs,
  } as const
  return client.call(call).finally(() => end.now())
}

/** The same bytes; tells how many have gone, and when that was all. */
function counted(
  body: ReadableStream<Uint8Array>,
  gone: (bytes: number, isAll: boolean) => void,
): ReadableStream<Uint8Array> {
  let bytes = 0
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length
        gone(bytes, false)
        controller.enqueue(chunk)
      },
      flush: () => gone(bytes, true),
    }),
  )
}

function broken(error: unknown, part: ImportPart): unknown {
  if (!(error instanceof CliError)) return error
  const before = `Lines 1 to ${part.firstLine - 1} were imported before; a repeat leaves them as they are and imports the rest.`
  return new CliError(error.message, error.exitCode, [...error.lines, before])
}

function warn(session: Session, answer: unknown, place: string): void {
  for (const { api, message } of checked(ImportAnswer, answer).warnings) {
    session.io.stderr(`warning: ${place}${printable(api)}: ${printable(message)}\n`)
  }
}

function sumText(created: number, unchanged: number): string {
  return `${created} ${created === 1 ? 'key' : 'keys'} imported, ${unchanged} there already`
}
