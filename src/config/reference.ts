// docs/configuration.md, made of the schemas: each setting with what it is, its default, an example, and what a reload
// does. `latchkey config schema --markdown` prints it.

import { DenyFile } from './deny-schema.ts'
import type { Shape } from './fit.ts'
import { PermissionFile } from './permission-schema.ts'
import { GatewayFile } from './schema.ts'

const introduction = `# Configuration

Made from the schemas of the program by \`latchkey config schema --markdown\` (in the checkout \`npm run docs\`); do not edit it. [The contract](contract.md), section 3, says how files are
read, the README shows them in use, [operations.md](operations.md) tells what happens beyond a limit. \`*\` in the name of a section is a name of yours; of routes, \`METHOD /template\`.

- **Variables**: \`\${NAME}\` and \`\${NAME:-default}\` stand for a value in any place, and \`NAME_FILE\` names a file that holds it. In flow maps (\`{ … }\`) put quotes around them.
- **Durations** are a number with a unit: \`500ms\`, \`30s\`, \`15m\`, \`24h\`, \`90d\`; shorter than 25 days. **Sizes** are bytes, or \`512kb\`, \`1mb\`, \`2gb\` (powers of 1024).
- **Files** are found from the folder of the file that names them.
- **On a reload** (a file that has changed, or SIGHUP): *at once* is in force for the requests that begin after it; *restart* keeps its value until then, and the log says \`These settings take effect
  after a restart\`. What stands in the files of certificates and keys is taken within some seconds, whatever names them.
`

/** The whole text. */
export function referenceText(): string {
  const parts = [
    introduction,
    '## gateway.yaml\n',
    ...sectionsOf({ shape: GatewayFile, path: [], reload: reloadOf }),
    '## Permission tables\n',
    ...sectionsOf({ shape: PermissionFile, path: [], reload: () => 'at once' }),
    '## The deny file\n',
    ...sectionsOf({ shape: DenyFile, path: [], reload: () => 'at once' }),
  ]
  return parts.join('\n')
}

/** What a running process takes from a new file (main/config-in-force.ts). */
const takenAtOnce: readonly string[] = ['upstreams', 'identity', 'log', 'plans', 'apis', 'gateway.deny']

/** What a reload does with a setting, by its path: `gateway.limits.url_bytes`. */
export function reloadOf(path: string): 'at once' | 'restart' {
  return takenAtOnce.some((taken) => path === taken || path.startsWith(`${taken}.`)) ? 'at once' : 'restart'
}

interface Section {
  /** Of a mapping. */
  readonly shape: Shape
  readonly path: readonly string[]
  readonly reload: (path: string) => string
}

/** A table of a mapping's own settings, then one for each mapping in it. */
function sectionsOf({ shape, path, reload }: Section): string[] {
  const entries = Object.entries(shape.properties ?? {})
  const rows = entries.map(([key, setting]) => {
    const isRequired = shape.required?.includes(key) === true && setting.default === undefined
    // Each of its own says so itself.
    const isMapping = mappingsOf(key, setting).length > 0
    return rowOf({ key, setting, isRequired, reload: isMapping ? '' : reload([...path, key].join('.')) })
  })
  const name = path.length === 0 ? [] : [`### \`${path.join('.')}\`\n`]
  const text = path.length === 0 || shape.description === undefined ? [] : [`${shape.description}\n`]
  const table = [
    '| setting | what | kind | default | example | on a reload |',
    '|---|---|---|---|---|---|',
    ...rows,
  ]
  const below = entries.flatMap(([key, setting]) => mappingsOf(key, setting))
  return [
    ...name,
    ...text,
    ...(rows.length > 0 ? [`${table.join('\n')}\n`] : []),
    ...below.flatMap(([key, inner]) => sectionsOf({ shape: inner, path: [...path, ...key], reload })),
  ]
}

/** The mappings with settings of their own that a setting is, may be, or holds by name. */
function mappingsOf(key: string, setting: Shape): [string[], Shape][] {
  if (setting.properties !== undefined) return [[[key], setting]]
  if (setting.anyOf !== undefined) return setting.anyOf.flatMap((branch) => mappingsOf(key, branch))
  const [value = setting.items] = Object.values(setting.patternProperties ?? {})
  if (value === undefined) return []
  return mappingsOf('*', value).map(([inner, shape]) => [[key, ...inner], shape])
}

interface Row {
  readonly key: string
  readonly setting: Shape
  readonly isRequired: boolean
  readonly reload: string
}

function rowOf({ key, setting, isRequired, reload }: Row): string {
  const cells = [
    `\`${key}\``,
    setting.description ?? '',
    kindOf(setting),
    setting.default === undefined ? (isRequired ? '**required**' : 'none') : code(setting.default),
    exampleOf(key, setting),
    reload,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

/** What a value is, and its unit. */
function kindOf(setting: Shape): string {
  if (setting.isDuration === true) return 'duration'
  if (setting.enum !== undefined) return setting.enum.map(code).join(', ')
  if (setting.expects?.startsWith('a size') === true)
    return setting.expects.endsWith('`none`') ? 'size, or `none`' : 'size'
  if (setting.type === 'integer') return `whole number${boundsOf(setting)}`
  if (setting.type === 'boolean') return '`true`, `false`'
  if (setting.type === 'array') return 'list'
  if (setting.type === 'object') return 'mapping'
  if (setting.expects === undefined || setting.expects === 'text, not empty') return 'text'
  return setting.expects
}

function boundsOf({ minimum, maximum }: Shape): string {
  if (maximum !== undefined) return `, ${minimum ?? 0} to ${maximum}`
  return minimum === undefined ? '' : `, from ${minimum}`
}

/** As it is written in a file. A mapping is shown by its own table. */
function exampleOf(key: string, setting: Shape): string {
  const [example = setting.default] = setting.examples ?? []
  const isMapping = mappingsOf(key, setting).length > 0
  if (example === undefined || (isMapping && setting.examples === undefined)) return ''
  return code(`${key}: ${flowText(example)}`)
}

function code(value: unknown): string {
  return `\`${flowText(value)}\``
}

/** YAML on one line. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(quotedInFlow).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, member]) => `${key}: ${quotedInFlow(member)}`)
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
  }
  return String(value)
}

/** What YAML would read as something else within brackets stands in quotes. */
function quotedInFlow(value: unknown): string {
  if (typeof value === 'object' && value !== null) return flowText(value)
  const text = String(value)
  return typeof value === 'string' && /[{}[\],:*#]/.test(text) ? JSON.stringify(text) : text
}
