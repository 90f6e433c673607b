// Contract 2: what a shell offers, asked of real shells.

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { Command } from 'commander'
import t from 'tap'
import { registerAdminCommands } from '../../src/cli/admin.ts'
import { registerCompletion } from '../../src/cli/completion.ts'
import { registerConfigCommands } from '../../src/cli/config.ts'
import { exitCodeOf, prepareCommands } from '../../src/cli/errors.ts'
import { createIo } from '../../src/cli/io.ts'
import { isExecutable, libraryEnv, packageFolder, unpackPackage } from '../support/apt-package.ts'

t.setTimeout(240_000)
const run = promisify(execFile)

const folder = mkdtempSync(join(tmpdir(), 'latchkey-completion-'))
writeFileSync(join(folder, 'keys.jsonl'), '')
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

async function completion(...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  const io = createIo({
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env: {},
    isTerminal: false,
  })
  const program = new Command('latchkey')
  registerCompletion(program, io)
  registerConfigCommands(program, io)
  registerAdminCommands(program, io)
  prepareCommands(program, io)
  try {
    await program.parseAsync(['completion', ...words], { from: 'user' })
    return { code: 0, stdout, stderr }
  } catch (error) {
    return { code: exitCodeOf(error, io), stdout, stderr }
  }
}

async function scriptOf(shell: string): Promise<string> {
  const file = join(folder, `latchkey.${shell}`)
  writeFileSync(file, (await completion(shell)).stdout)
  return file
}

interface Shell {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

/** The system's, or unpacked before, or unpacked now. Throws if there is no way: such a test fails, never skips. */
async function shellOf(name: string): Promise<Shell> {
  const file = pathOf(name)
  if (file !== undefined) return { file, env: process.env }
  const target = packageFolder(name)
  const inTarget = () => ['usr/bin', 'bin'].map((part) => join(target, part, name)).find(isExecutable)
  if (inTarget() === undefined) await unpackPackage(name, target)
  const found = inTarget()
  if (found === undefined)
    throw new Error(`${name} cannot be had here: install it, as by \`apt-get install ${name}\``)
  return { file: found, env: { ...process.env, ...libraryEnv(target) } }
}

function pathOf(program: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.map((one) => join(one, program)).find((path) => existsSync(path))
}

/** What is offered for the last of the words. */
type Offers = (...words: string[]) => Promise<string[]>

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

async function bashOffers(): Promise<Offers> {
  const script = await scriptOf('bash')
  const ask = `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`
  return async (...words) => {
    const { stdout } = await run('bash', ['--norc', '-c', ask, 'bash', 'latchkey', ...words], { cwd: folder })
    return lines(stdout)
  }
}

async function fishOffers(): Promise<Offers> {
  const { file, env: own } = await shellOf('fish')
  const script = await scriptOf('fish')
  return async (...words) => {
    const line = ['latchkey', ...words].join(' ')
    const env = { ...own, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder }
    const command = `source ${script}; complete -C '${line}'`
    const { stdout } = await run(file, ['--no-config', '-c', command], { cwd: folder, env })
    return lines(stdout).map((one) => one.split('\t')[0] ?? '')
  }
}

/** zsh completes on a terminal alone: what it would be offered is printed instead. */
async function zshOffers(): Promise<Offers> {
  const { file, env } = await shellOf('zsh')
  const script = await scriptOf('zsh')
  const ask = `
compdef() {}; _files() {}
_describe() { print -rl -- "\${(@)\${(@P)4}%%:*}" }
compadd() { shift; print -rl -- "$@" }
source ${script}
words=("$@"); CURRENT=$#; PREFIX=$words[CURRENT]
_latchkey`
  return async (...words) => {
    const { stdout } = await run(file, ['-f', '-c', ask, 'zsh', 'latchkey', ...words], { cwd: folder, env })
    return lines(stdout).filter((one) => one.startsWith(words.at(-1) ?? ''))
  }
}

const shells = { bash: bashOffers, fish: fishOffers, zsh: zshOffers }

for (const [shell, offersOf] of Object.entries(shells)) {
  t.test(`${shell} completes verbs, flags, values and files`, async (t) => {
    const offers = await offersOf()
    const has = async (typed: readonly string[], wanted: readonly string[], not: readonly string[] = []) => {
      const offered = await offers(...typed)
      for (const one of wanted)
        t.ok(offered.includes(one), `${typed.join(' ')} offers ${one}: ${offered.join(' ')}`)
      for (const one of not) t.notOk(offered.includes(one), `${typed.join(' ')} does not offer ${one}`)
    }
    await has([''], ['keys', 'merchants', 'config', 'audit', 'completion'], ['list'])
    await has(['ke'], ['keys'], ['merchants'])
    await has(['keys', ''], ['create', 'list', 'revoke', 'end-rotation'], ['suspend'])
    await has(['keys', 'list', '--'], ['--json', '--status', '--last4', '--help'], ['--reason'])
    await has(['keys', 'revoke', 'key_1', '--'], ['--reason', '--json'])
    await has(['keys', 'list', '--status', ''], ['active', 'disabled', 'revoked', 'expired'], ['create'])
    await has(['deny', 'add', ''], ['key', 'merchant', 'client'])
    await has(['completion', ''], ['bash', 'zsh', 'fish'])
    if (shell === 'bash') {
      await has(['keys', 'list', '--status', '=', 're'], ['revoked'], ['active'])
      // Nothing of ours: bash goes on with files.
      t.same(await offers('keys', 'import', 'k'), [])
    }
  })
}

t.test('the script is told what it is for, and of no other shell', async (t) => {
  const { code, stdout, stderr } = await completion('tcsh')
  t.equal(code, 2)
  t.equal(stdout, '')
  t.match(stderr, /bash, zsh, fish/)
})

t.test('every verb that there is, is in the script', async (t) => {
  for (const shell of Object.keys(shells)) {
    const { stdout } = await completion(shell)
    for (const verb of [
      'keys end-rotation',
      'keys release',
      'config import-openapi',
      'merchants rename',
      'audit',
      'permissions',
    ])
      t.match(stdout, verb.includes(' ') ? `latchkey ${verb.split(' ')[0]}` : verb)
    for (const flag of ['last4', 'reason', 'since']) t.match(stdout, flag)
  }
})
