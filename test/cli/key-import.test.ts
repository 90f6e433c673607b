import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { keyBody, makeMerchant } from '../control/subject.ts'
import { createConsole } from './console.ts'

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
  t.match(missing.stderr, 'ENOENT')
  const empty = await type('keys', 'import', await fileOf(folder, []))
  t.equal(empty.code, 1)
  t.match(empty.stderr, /^ {2}holds no line with a key$/m)
})
