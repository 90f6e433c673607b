// `latchkey upstreams probe` as a person would type it, over a gateway file made for the servers of a test.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { exitCodeOf, prepareCommands } from '../../../src/cli/errors.ts'
import { createIo } from '../../../src/cli/io.ts'
import { registerUpstreamsCommands } from '../../../src/cli/upstreams.ts'

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export const apiHost = 'api.probe.test'

/** Writes a gateway file with an upstream of each entry: name → what stands in its braces. Gives its path. */
export async function gatewayFile(t: Teardown, upstreams: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-probe-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const lines = Object.entries(upstreams).map(([name, entry]) => `  ${name}: { ${entry} }\n`)
  const [first] = Object.keys(upstreams)
  await writeFile(
    join(folder, 'table.yaml'),
    'permissions: { a.read: Read }\nroutes: { GET /v1/a: a.read }\n',
  )
  const file = join(folder, 'gateway.yaml')
  await writeFile(
    file,
    `postgres: postgres://127.0.0.1/none
redis: none
upstreams:
${lines.join('')}apis:
  a:
    credential: { header: X-Api-Key }
    environments:
      live: { hosts: [${apiHost}], prefix: a_live_, upstream: ${first} }
      sandbox: { hosts: [test.${apiHost}], prefix: a_test_, upstream: ${first} }
    permissions: table.yaml
`,
  )
  return file
}

/** Types `latchkey upstreams probe` and the words after it. */
export async function probing(...words: string[]): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const io = createIo({
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env: {},
    isTerminal: false,
  })
  const program = new Command('latchkey')
  registerUpstreamsCommands(program, io)
  prepareCommands(program, io)
  try {
    await program.parseAsync(['upstreams', 'probe', ...words], { from: 'user' })
    return { stdout, stderr, exitCode: 0 }
  } catch (error) {
    const exitCode = exitCodeOf(error, io)
    return { stdout, stderr, exitCode }
  }
}

/** What `--json` printed, by the upstreams' names. */
export function byName({ stdout }: Outcome): Record<string, Record<string, unknown>> {
  const { upstreams } = JSON.parse(stdout)
  return Object.fromEntries(upstreams.map((one: { name: string }) => [one.name, one]))
}
