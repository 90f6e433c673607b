import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Command } from 'commander'
import t from 'tap'
import { createSession } from '../../../src/cli/admin.ts'
import { exitCodeOf, prepareCommands } from '../../../src/cli/errors.ts'
import { createIo } from '../../../src/cli/io.ts'
import { registerImport } from '../../../src/cli/keys/key-import.ts'
import { keyBody, makeMerchant, token } from '../../control/subject.ts'
import { createConsole } from '../console.ts'

const legacy = 'legacy-secret-of-more-than-24-characters'

async function fileOf(folder: string, lines: readonly object[]): Promise<string> {
  const file = join(folder, 'keys.jsonl')
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  return file
}

void t.test('a file of keys is imported, and a second time changes nothing', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchantId = await makeMerchant(subject)
  const lines = [1, 2].map((index) => keyBody(merchantId, { secret: `${legacy}-${index}` }))
  const file = await fileOf(t.testdir(), lines)
  const first = await type('keys', 'import', file)
  t.equal(first.code, 0)
  t.equal(first.stdout, '2 keys imported, 0 there already.\n')
  t.match(first.stderr, /^warning: flintn: 2 of the keys have no checksum/)
  const again = await type('keys', 'import', file, '--json')
  t.match(JSON.parse(again.stdout), {
    created: 0,
    unchanged: 2,
    results: [{ line: 1 }, { line: 2 }],
    pending: [],
  })
  const other = await fileOf(t.testdir(), [keyBody(merchantId, { secret: `${legacy}-3` })])
  await type('keys', 'import', other, '--reason', 'from the old gateway')
  const { body } = await subject.call('GET', '/audit?limit=1')
  t.match(body['data'], [{ action: 'key.import', reason: 'from the old gateway' }])
  t.notMatch(first.stdout + first.stderr + again.stdout + again.stderr, legacy)
})

void t.test('each fault is told with its line, and a weak secret needs a word', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchantId = await makeMerchant(subject)
  const weak = keyBody(merchantId, { secret: 'short-secret' })
  const file = await fileOf(t.testdir(), [
    weak,
    keyBody(merchantId, { secret: legacy, permissions: ['nope'] }),
  ])
  const refused = await type('keys', 'import', file)
  t.equal(refused.code, 1)
  t.equal(refused.stdout, '')
  t.match(refused.stderr, /^error: cannot import .+ \[VALIDATION_FAILED\]$/m)
  t.match(refused.stderr, /^ {2}line 1, secret: is weak/m)
  t.match(refused.stderr, /^ {2}line 2, permissions\/0: is not a permission of flintn$/m)
  const allowed = await type('keys', 'import', await fileOf(t.testdir(), [weak]), '--allow-weak')
  t.equal(allowed.stdout, '1 key imported, 0 there already.\n')
})

void t.test('a file that cannot be read is wrong usage; an empty one is refused', async (t) => {
  const { type } = await createConsole(t)
  const folder = t.testdir()
  const missing = await type('keys', 'import', join(folder, 'none'))
  t.equal(missing.code, 2)
  t.match(missing.stderr, /none does not exist/)
  const empty = await type('keys', 'import', await fileOf(folder, []))
  t.equal(empty.code, 1)
  t.match(empty.stderr, /^ {2}holds no line with a key$/m)
})

/** `keys import` with parts of at most so many lines. */
async function importInParts(url: string, lines: number, ...words: string[]) {
  let stdout = ''
  let stderr = ''
  const io = createIo({
    stdout: (text) => void (stdout += text),
    stderr: (text) => void (stderr += text),
    env: { LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: token },
    isTerminal: false,
  })
  const program = new Command('latchkey')
  registerImport(program.command('keys'), createSession(io, {}), { bytes: 1_000_000, lines })
  prepareCommands(program, io)
  const code = await program.parseAsync(['keys', 'import', ...words], { from: 'user' }).then(
    () => 0,
    (error: unknown) => exitCodeOf(error, io),
  )
  return { code, stdout, stderr }
}

void t.test('a large file goes in parts: all are checked before the first is made', async (t) => {
  const { url, subject } = await createConsole(t)
  const merchantId = await makeMerchant(subject)
  const keys = Array.from({ length: 7 }, (_, index) => keyBody(merchantId, { secret: `${legacy}-${index}` }))
  const folder = t.testdir()
  const faulty = await fileOf(folder, [...keys.slice(0, 6), { ...keys[6], api: 'other' }])
  const refused = await importInParts(url, 3, faulty)
  t.equal(refused.code, 1)
  t.match(refused.stderr, /^checked lines 1 to 3\nchecked lines 4 to 6\nerror: /)
  t.match(refused.stderr, /^ {2}line 7, api: is not a configured API$/m)
  t.same((await subject.call('GET', '/keys')).body['data'], [], 'nothing is made')

  const file = await fileOf(folder, keys)
  const made = await importInParts(url, 3, file)
  t.equal(made.code, 0)
  t.equal(made.stdout, '7 keys imported, 0 there already, in 3 parts.\n')
  t.match(made.stderr, /^warning: lines 7 to 7: flintn: 1 of the keys have no checksum/m)
  const again = await importInParts(url, 3, file, '--json')
  const answers = again.stdout
    .split(/^(?=\{)/m)
    .map((text) => JSON.parse(text) as { unchanged: number; results: { line: number }[]; part: object })
  t.match(answers.at(-1), { unchanged: 1, part: { number: 3, of: 3, first_line: 7, last_line: 7 } })
  t.same(
    answers.flatMap(({ results }) => results.map(({ line }) => line)),
    [1, 2, 3, 4, 5, 6, 7],
  )
})

void t.test(
  'what only shows when a part is made says which lines are there; a repeat does the rest',
  async (t) => {
    const { url, subject } = await createConsole(t)
    const merchantId = await makeMerchant(subject)
    const keys = Array.from({ length: 4 }, (_, index) =>
      keyBody(merchantId, { secret: `${legacy}-${index}` }),
    )
    const folder = t.testdir()
    // One secret in two parts, with different data: each part by itself is right.
    const twice = { ...keys[0], name: 'Other' }
    const broken = await importInParts(url, 2, await fileOf(folder, [...keys, twice]))
    t.equal(broken.code, 1)
    t.match(broken.stderr, /^ {2}line 5: has the secret of a key that exists already with other data$/m)
    t.match(broken.stderr, /^ {2}Lines 1 to 4 were imported before; a repeat/m)
    const repeated = await importInParts(url, 2, await fileOf(folder, keys))
    t.equal(repeated.stdout, '0 keys imported, 4 there already, in 2 parts.\n')
  },
)

void t.test('how far an import has come is told where it is asked for, and to nobody else', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchantId = await makeMerchant(subject)
  const file = await fileOf(t.testdir(), [keyBody(merchantId, { sha256: 'ab'.repeat(32), last4: 'abcd' })])
  const told = await type('keys', 'import', file, '--progress')
  t.match(told, { code: 0, stdout: '1 key imported, 0 there already.\n' })
  t.match(told.stderr, /^lines 1 to 1 are sent, and are being made\n/)
  t.notMatch((await type('keys', 'import', file)).stderr, 'are sent')
})
