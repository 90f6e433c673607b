import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import t from 'tap'
import { registerConfigCommands } from '../../src/cli/config.ts'
import { CliError } from '../../src/cli/errors.ts'
import { edit, gatewayYaml, tableYaml } from '../config/files.ts'

/** Runs one command line; the exit code is that of the error, 0 without one. */
async function run(line: readonly string[], env: Record<string, string> = {}) {
  const output = { stdout: '', stderr: '', exitCode: 0 }
  const stdout = (text: string) => void (output.stdout += text)
  const stderr = (text: string) => void (output.stderr += text)
  // Subcommands copy these settings when they are made, so they come first.
  const program = new Command('latchkey')
    .exitOverride()
    .configureOutput({ writeOut: stdout, writeErr: stderr })
  registerConfigCommands(program, { stdout, stderr, env })
  try {
    await program.parseAsync(line, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CliError) && !(error instanceof CommanderError)) throw error
    output.exitCode = error.exitCode
  }
  return output
}

t.test('check sums up a valid file', async (t) => {
  const { stdout, stderr, exitCode } = await run(['config', 'check', 'config/demo.yaml'])
  t.match(
    stdout,
    /^config\/demo\.yaml is valid: 2 APIs \(flintn, flint\), \d+ routes, sha256 [0-9a-f]{64}\n$/,
  )
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})

t.test('check prints every fault on stderr and is 1', async (t) => {
  const { stdout, stderr, exitCode } = await run(['config', 'check', 'config/gateway.yaml'])
  t.match(stderr, /^config\/gateway\.yaml:\d+:\d+ {2}the environment variable DATABASE_URL is not set\n/)
  t.equal(stderr.trim().split('\n').length, 6)
  t.equal(stdout, '')
  t.equal(exitCode, 1)
})

t.test('check prints warnings and is still 0', async (t) => {
  const gateway = edit(gatewayYaml, 'upstream: payments-sandbox', 'upstream: payments')
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
  const { stdout, stderr, exitCode } = await run(['config', 'check', join(folder, 'gateway.yaml')])
  t.match(stderr, /gateway\.yaml:11:79 {2}warning: live and sandbox of `flintn` use one upstream\n$/)
  t.match(stdout, /is valid: 1 API \(flintn\), 1 route, /)
  t.equal(exitCode, 0)
})

t.test('check of a file that cannot be read is 2', async (t) => {
  const { stderr, exitCode } = await run(['config', 'check', 'none.yaml'])
  t.equal(stderr, 'none.yaml:1:1  the file does not exist\n')
  t.equal(exitCode, 2)
})

t.test('check --json holds faults and warnings as data', async (t) => {
  const bad = await run(['config', 'check', 'config/gateway.yaml', '--json'], { REDIS_URL: 'none' })
  t.match(JSON.parse(bad.stdout), {
    ok: false,
    faults: [
      { file: 'config/gateway.yaml', line: Number, column: Number, message: /DATABASE_URL is not set/ },
    ],
    warnings: [],
  })
  t.equal(bad.exitCode, 1)
  const good = await run(['config', 'check', 'config/demo.yaml', '--json'])
  t.match(JSON.parse(good.stdout), { ok: true, faults: [], apis: [{ name: 'flintn' }, { name: 'flint' }] })
})

t.test('schema prints the committed schemas', async (t) => {
  const { stdout } = await run(['config', 'schema'])
  t.equal(stdout, readFileSync('config/gateway.schema.json', 'utf8'))
  const table = await run(['config', 'schema', '--permissions'])
  t.equal(table.stdout, readFileSync('config/permissions.schema.json', 'utf8'))
})

t.test('every verb has help with an example', async (t) => {
  for (const verb of [[], ['check'], ['schema']]) {
    const { stdout, exitCode } = await run(['config', ...verb, '--help'])
    t.match(stdout, /Example:\n {2}\$ latchkey config /, verb.join())
    t.equal(exitCode, 0)
  }
})
