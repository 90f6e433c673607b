// `latchkey keys check-secret`: whether what a scanner has found is a key by its form and checksum. Nothing is asked of anybody, and
// nothing of what is no key is shown.

import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { whyUnreadable } from '../../config/file-fault.ts'
import { hasPrefix, isWellFormed, lastFour, Secret } from '../../credentials/secret.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from '../config/env-file.ts'
import { loadTable } from '../config/load-table.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { type ScannerRule, scannerRules } from './scanner-rules.ts'
import type { Session } from '../session.ts'
import { renderTable } from '../table.ts'

const help = `
A secret a line; lines without anything are left out. It tells the form and the checksum: whether there is such a key, and whether it works, the admin
API knows (latchkey keys exposed).

Exit code: 0 all of them are keys by their checksum, 1 one is not, 2 wrong usage or a file that cannot be read.

Example:
  $ jq -r '.[].Secret' found.json | latchkey keys check-secret config/gateway.yaml`

export interface CheckedSecret {
  /** From 1. */
  readonly line: number
  /** What it would be by its beginning; null: nothing of ours. */
  readonly kind: string | null
  /** Of a key. */
  readonly last4: string | null
  readonly verdict: 'key' | 'wrong_checksum' | 'other'
}

interface CheckFlags extends EnvFromFlags {
  readonly json?: true
}

export function registerCheckSecret(group: Command, { io }: Session): void {
  group
    .command('check-secret')
    .description('tell whether texts are keys by their form and checksum; 1 if one is not')
    .argument('<file>', 'gateway file')
    .argument('[secrets]', 'file with a secret a line', standardInput)
    .option(...envFromOption)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (file: string, secrets: string, flags: CheckFlags) => {
      const rules = scannerRules(await loadTable(file, await environmentOf(io.env, flags)))
      const found = checkSecrets(await readSecrets(secrets), rules)
      io.stdout(flags.json ? `${JSON.stringify({ data: found }, null, 2)}\n` : textOf(found))
      const others = found.filter(({ verdict }) => verdict !== 'key').length
      if (others > 0) throw new CliError(`${others} of ${found.length} are no keys`, exitCodes.failed)
    })
}

export const standardInput = '/dev/stdin'

/** Lines with something on them, by number. Throws CliError (unreadable input). */
export async function readSecrets(file: string): Promise<ReadonlyMap<number, string>> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} ${whyUnreadable(error)}`, exitCodes.usage)
  }
  const lines = text.split('\n').map((line, index) => [index + 1, line.trim()] as const)
  const filled = lines.filter(([, line]) => line !== '')
  if (filled.length === 0) throw new CliError(`${file} holds no secret`, exitCodes.usage)
  return new Map(filled)
}

function checkSecrets(
  secrets: ReadonlyMap<number, string>,
  rules: readonly ScannerRule[],
): readonly CheckedSecret[] {
  return [...secrets].map(([line, text]) => {
    const secret = new Secret(text)
    const rule = rules.find(({ prefix }) => hasPrefix(secret, prefix))
    if (rule === undefined) return { line, kind: null, last4: null, verdict: 'other' }
    const isKey = isWellFormed(secret, rule.prefix)
    const last4 = isKey ? lastFour(secret) : null
    return { line, kind: rule.name, last4, verdict: isKey ? 'key' : 'wrong_checksum' }
  })
}

const words = {
  key: 'form and checksum are right',
  wrong_checksum: 'the checksum or the form is wrong',
  other: 'begins with no prefix of ours',
} as const

function textOf(found: readonly CheckedSecret[]): string {
  const rows = found.map(({ line, kind, last4, verdict }) => [
    ...[String(line), kind ?? '-', last4 === null ? '-' : `…${last4}`, words[verdict]],
  ])
  return renderTable(['LINE', 'KIND', 'ENDS', 'WHAT'], rows, false)
}
