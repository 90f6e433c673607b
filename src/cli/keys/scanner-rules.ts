// `latchkey keys scanner-rules`: how secret scanners find keys, for every prefix of a gateway file. A regular expression has
// no CRC in it: what it finds is put to the check by `latchkey keys check-secret`.

import { type Command, Option } from 'commander'
import type { CompiledConfig } from '../../config/compiled.ts'
import { commandLinePrefix, tokenPrefix } from '../../credentials/role.ts'
import { secretShape } from '../../credentials/secret.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from '../config/env-file.ts'
import { loadTable } from '../config/load-table.ts'
import type { Session } from '../session.ts'

/** A kind of secret that scanners are told of. */
export interface ScannerRule {
  /** Such as `latchkey_flintn_live_key`: what GitHub gives back as `type`. */
  readonly name: string
  readonly description: string
  readonly prefix: string
  /** Of the whole secret, without what stands around it. */
  readonly pattern: string
}

const formats = ['gitleaks', 'github', 'json'] as const

const help = `
gitleaks: rules for its configuration, to be put into .gitleaks.toml. github: custom patterns, field by field, which are also what GitHub's
partner programme asks for. Both find what has the form of a key; whether the checksum in it is right, and so whether it is one:
  $ gitleaks dir . --config rules.toml --report-format json --report-path found.json
  $ jq -r '.[].Secret' found.json | latchkey keys check-secret config/gateway.yaml

Keys that were imported without a checksum (legacy_keys) have no form, and are not found.

Example:
  $ latchkey keys scanner-rules config/gateway.yaml > .gitleaks.toml`

interface RulesFlags extends EnvFromFlags {
  readonly format: (typeof formats)[number]
}

export function registerScannerRules(group: Command, { io }: Session): void {
  group
    .command('scanner-rules')
    .description('print rules for secret scanners, for every key prefix of a gateway file')
    .argument('<file>', 'gateway file')
    .addOption(new Option('--format <format>', 'for which scanner').choices(formats).default('gitleaks'))
    .option(...envFromOption)
    .addHelpText('after', help)
    .action(async (file: string, flags: RulesFlags) => {
      const rules = scannerRules(await loadTable(file, await environmentOf(io.env, flags)))
      io.stdout(texts[flags.format](rules))
    })
}

/** A rule for each environment of each API, and one for each kind of the admin API's tokens. */
export function scannerRules({ table }: CompiledConfig): readonly ScannerRule[] {
  const keys = [...table.apis.values()].flatMap(({ name: api, environments }) =>
    environments.map(({ name, prefix }) => ({
      ...ruleOf(prefix),
      name: `latchkey_${api}_${name}_key`.replaceAll('-', '_'),
      description: `API key of ${api}, ${name}`,
    })),
  )
  const token = { name: 'latchkey_admin_token', description: "Token of Latchkey's admin API" }
  const login = { name: 'latchkey_login', description: 'What `latchkey login` keeps' }
  return [...keys, { ...token, ...ruleOf(tokenPrefix) }, { ...login, ...ruleOf(commandLinePrefix) }]
}

/** A prefix is of letters, digits, `_` and `-`: nothing in it means anything to a regular expression. */
function ruleOf(prefix: string): Pick<ScannerRule, 'prefix' | 'pattern'> {
  return { prefix, pattern: `${prefix}[0-9A-Za-z]{${secretShape.digits}}` }
}

const around = '[^0-9A-Za-z_-]'

const texts = {
  gitleaks: (rules: readonly ScannerRule[]) =>
    ['title = "Keys of Latchkey"', '', '[extend]', 'useDefault = true', '', ...rules.flatMap(tomlOf)].join(
      '\n',
    ),
  github: (rules: readonly ScannerRule[]) => rules.map(fieldsOf).join('\n'),
  json: (rules: readonly ScannerRule[]) => `${JSON.stringify({ data: rules }, null, 2)}\n`,
}

/** Go's RE2 looks neither ahead nor behind: the secret is a group, and what stands around it is matched. */
function tomlOf({ name, description, prefix, pattern }: ScannerRule): string[] {
  return [
    '[[rules]]',
    `id = ${JSON.stringify(name.replaceAll('_', '-'))}`,
    `description = ${JSON.stringify(description)}`,
    `regex = '''(?:^|${around})(${pattern})(?:$|${around})'''`,
    'secretGroup = 1',
    `keywords = [${JSON.stringify(prefix.toLowerCase())}]`,
    '',
  ]
}

function fieldsOf({ name, description, pattern }: ScannerRule): string {
  return [
    description,
    `  Pattern name   ${name}`,
    `  Secret format  ${pattern}`,
    `  Before secret  \\A|${around}`,
    `  After secret   \\z|${around}`,
    `  Checksum       the last ${secretShape.checksum} characters are the CRC-32 (IEEE) of all before them, in base62 (0-9A-Za-z), filled with 0`,
    '',
  ].join('\n')
}
