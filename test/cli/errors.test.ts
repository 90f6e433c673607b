// Contract 2.

import { Command } from 'commander'
import t from 'tap'
import { CliError, exitCodeOf, prepareCommands } from '../../src/cli/errors.ts'
import { typist } from './console.ts'

const env = { LATCHKEY_ADMIN_TOKEN: 'not-a-token-that-anybody-knows-01' }

function told(error: unknown): { code: number; stderr: string } {
  let stderr = ''
  const code = exitCodeOf(error, { stderr: (text) => void (stderr += text) })
  return { code, stderr }
}

void t.test('a reason is printed once, with its lines below it', async (t) => {
  t.same(told(new CliError('no', 1, ['because'])), { code: 1, stderr: 'error: no\n  because\n' })
  t.same(told(new CliError('no', 2)), { code: 2, stderr: 'error: no\n' })
})

void t.test('an error of another folder keeps its exit code; anything else is a failure', async (t) => {
  t.same(told(Object.assign(new Error('x'), { exitCode: 2 })), { code: 2, stderr: 'error: x\n' })
  t.same(told(new Error('y')), { code: 1, stderr: 'error: y\n' })
  t.same(told('z'), { code: 1, stderr: 'error: z\n' })
})

void t.test('wrong usage is 2, told once, and calls nobody', async (t) => {
  const type = typist(env, { fetch: () => Promise.reject(new Error('called')) })
  for (const words of [
    [],
    ['nothing'],
    ['keys'],
    ['keys', 'nothing'],
    ['keys', 'show'],
    ['keys', 'show', 'a', 'b'],
    ['keys', 'list', '--nothing'],
    ['keys', 'list', '--status', 'gone'],
    ['keys', 'create', '--merchant', 'mer_1'],
    ['keys', 'rotate', 'key_1', '--grace', 'soon'],
    ['keys', 'update', 'key_1', '--expires-in', '0d'],
    ['keys', 'update', 'key_1', '--expires-at', 'tomorrow'],
    ['merchants', 'create'],
    ['merchants', 'create', '--name'],
  ]) {
    const { code, stdout, stderr } = await type(...words)
    t.equal(code, 2, words.join(' '))
    t.equal(stdout, '')
    t.ok((stderr.match(/^error:/gm)?.length ?? 0) <= 1)
    t.not(stderr, '')
  }
})

void t.test('every verb has help with an example, without a token', async (t) => {
  const type = typist({})
  const verbs = {
    merchants: ['create', 'list', 'suspend', 'resume'],
    keys: [
      'create',
      'list',
      'show',
      'update',
      'disable',
      'enable',
      'revoke',
      'rotate',
      'end-rotation',
      'release',
    ],
    instances: [],
  }
  for (const [group, names] of Object.entries(verbs)) {
    for (const words of [[group], ...names.map((name) => [group, name])]) {
      const { code, stdout, stderr } = await type(...words, '--help')
      t.equal(code, 0)
      t.equal(stderr, '')
      t.match(stdout, new RegExp(`Example:\n  \\$ latchkey ${words.join(' ')}`), words.join(' '))
    }
  }
})

void t.test('verbs below verbs throw too, and write where they are told', async (t) => {
  const written: string[] = []
  const program = new Command('p')
  program.command('a').command('b').command('c').requiredOption('--d <x>')
  const io = {
    stdout: () => {},
    stderr: (text: string) => void written.push(text),
    env: {},
    isTerminal: false,
  }
  prepareCommands(program, io)
  await t.rejects(program.parseAsync(['a', 'b', 'c'], { from: 'user' }), {
    code: 'commander.missingMandatoryOptionValue',
  })
  t.match(written.join(''), '--d')
})
