// `latchkey keys import`: keys made elsewhere, from a file of JSON Lines.

import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { checked, ImportAnswer } from './admin-objects.ts'
import { CliError } from './errors.ts'
import { exitCodes } from './exit.ts'
import { addVerb, type OutputFlags, type Session, showChange } from './session.ts'
import { printable } from '../errors/printable.ts'

/** For the largest import that the admin API takes. */
const importTimeoutMs = 10 * 60_000

const format = `
A line is a JSON object: merchant_id, api, environment, name, permissions, and secret, or sha256 and last4;
if need be expires_at and status. A fault in any line refuses all; a repeat leaves what is there as it is.`

export function registerImport(group: Command, session: Session): void {
  addVerb(group, {
    name: 'import',
    about: 'make keys whose secrets were made elsewhere',
    example: 'latchkey keys import keys.jsonl',
  })
    .argument('<file>', 'file of JSON Lines')
    .option('--allow-weak', 'take secrets of under 24 characters after the prefix, too')
    .addHelpText('after', format)
    .action(async (file: string, flags: OutputFlags & { readonly allowWeak?: true }) => {
      const client = session.connect()
      const answer = await client.call({
        doing: `import ${printable(file)}`,
        method: 'POST',
        path: '/keys/import',
        query: { allow_weak: flags.allowWeak && 'true' },
        file: { type: 'application/x-ndjson', bytes: await readBytes(file) },
        timeoutMs: importTimeoutMs,
      })
      const { created, unchanged, warnings } = checked(ImportAnswer, answer)
      const render = () => `${count(created)} imported, ${unchanged} there already.\n`
      showChange(session, flags, { answer, render })
      for (const { api, message } of warnings) {
        session.io.stderr(`warning: ${printable(api)}: ${printable(message)}\n`)
      }
    })
}

async function readBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(file))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new CliError(`cannot read ${printable(file)}: ${code}`, exitCodes.usage)
  }
}

function count(keys: number): string {
  return `${keys} ${keys === 1 ? 'key' : 'keys'}`
}
