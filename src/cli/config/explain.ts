// `latchkey config explain`: what would happen to a request, and by which line of which table.

import { METHODS } from 'node:http'
import { type Command, Option } from 'commander'
import type { CompiledConfig } from '../../config/compiled.ts'
import { decide } from '../../decision/decide.ts'
import type { Caller } from '../../decision/question.ts'
import { readUrl } from '../../decision/request/url.ts'
import { suggest } from '../../config/suggest.ts'
import { printable } from '../../errors/printable.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { type OutputFlags, type Session, show } from '../session.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from './env-file.ts'
import { describe, type Explanation } from './explanation.ts'
import { explanationText } from './explanation-text.ts'
import { fetchCaller } from './key-caller.ts'
import { loadTable } from './load-table.ts'

const help = `
The URL is absolute, or a path; its raw bytes are judged. Without --permissions and --key the request has no key.
--key asks the running control plane (LATCHKEY_ADMIN_URL, LATCHKEY_ADMIN_TOKEN) what the key holds.
Exit code: 0 explained, allowed or denied; 1 the control plane did not answer; 2 wrong usage, or a faulty file.

Examples:
  $ latchkey config explain config/demo.yaml GET /v1/transactions/tr_1 --permissions transaction.read
  $ latchkey config explain config/demo.yaml POST https://api.flint.com/documents --key key_01J8
  $ latchkey config explain config/demo.yaml GET '/documents/d_1?full=1' --host api.flint.com --json`

interface ExplainFlags extends OutputFlags, EnvFromFlags {
  readonly host?: string
  readonly permissions?: string
  readonly key?: string
  readonly environment?: string
  readonly preflightFor?: string
}

/** Adds the verb. */
export function registerExplain(group: Command, session: Session): void {
  group
    .command('explain')
    .description('tell what the gateway would do with a request, and why')
    .argument('<file>', 'gateway file')
    .argument('<method>', 'GET, POST, …')
    .argument('<url>', 'absolute URL, or a path')
    .option(
      '--host <host>',
      'host of a path; else the first one of the first API: of live, or its first environment',
    )
    .option('--permissions <names>', 'what the key holds, separated by commas; `*`: everything')
    .addOption(new Option('--key <id>', 'ask the control plane about this key').conflicts('permissions'))
    .addOption(
      new Option('--environment <name>', 'of which environment of the API the key is').conflicts('key'),
    )
    .option('--preflight-for <method>', 'a CORS preflight (OPTIONS with an Origin) that asks for this method')
    .option(...envFromOption)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (file: string, method: string, url: string, flags: ExplainFlags) => {
      const config = await loadTable(file, await environmentOf(session.io.env, flags))
      const explanation = await explain(config, { method, url, flags, session })
      const unknown = unknownPermissions(config, explanation, flags)
      for (const line of unknown) session.io.stderr(`warning: ${printable(line)}\n`)
      show(session, flags, {
        answer: explanation,
        render: (isColoured) => explanationText(explanation, isColoured),
      })
    })
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly flags: ExplainFlags
  readonly session: Session
}

async function explain(config: CompiledConfig, { method, url, flags, session }: Asked): Promise<Explanation> {
  if (!METHODS.includes(method)) {
    const known = suggest(method, METHODS) ?? suggest(method.toUpperCase(), METHODS)
    const hint = known === undefined ? '' : `: did you mean ${known}?`
    throw new CliError(`\`${method}\` is no HTTP method${hint}`, exitCodes.usage)
  }
  const read = readUrl(url, flags.host, config)
  if (!read.ok) throw new CliError(read.message, exitCodes.usage)
  checkEnvironment(config, read.host, flags)
  const caller = flags.key === undefined ? namedCaller(flags) : await fetchCaller(session, flags.key)
  const decision = decide(config, { ...read, method, preflightFor: flags.preflightFor, caller })
  return describe({ config, method, host: read.host, decision, key: flags.key })
}

/** A mistyped name would be a key of an environment that is gone, and be refused as that. */
function checkEnvironment({ table }: CompiledConfig, host: string, { environment }: ExplainFlags): void {
  const api = table.matchHost(host)?.api
  if (environment === undefined || api === undefined) return
  const names = api.environments.map(({ name }) => name)
  if (names.includes(environment)) return
  const near = suggest(environment, names) ?? names.join(', ')
  throw new CliError(
    `\`${api.name}\` has no environment \`${environment}\`: did you mean ${near}?`,
    exitCodes.usage,
  )
}

function namedCaller({ permissions, environment }: ExplainFlags): Caller | undefined {
  if (permissions === undefined) {
    if (environment === undefined) return undefined
    throw new CliError('--environment is that of a key: say --permissions too', exitCodes.usage)
  }
  const names = permissions.split(',').map((name) => name.trim())
  return {
    api: undefined,
    environment,
    permissions: names.filter((name) => name !== ''),
    unusable: undefined,
  }
}

/** The gateway leaves out what the table does not know; a person should hear of a mistyped name. */
function unknownPermissions(
  { table }: CompiledConfig,
  { api: name }: Explanation,
  { permissions }: ExplainFlags,
): string[] {
  const api = name === null ? undefined : table.apis.get(name)
  if (api === undefined || permissions === undefined) return []
  const names = permissions.split(',').map((text) => text.trim())
  const unknown = names.filter((text) => text !== '' && text !== '*' && !api.permissions.has(text))
  return unknown.map((text) => {
    const near = suggest(text, api.permissions.keys())
    return `\`${api.name}\` knows no permission \`${text}\`${near === undefined ? '' : ` (did you mean ${near}?)`}`
  })
}
