import { execFileSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { largestFileBytes, readSource } from '../../src/config/source.ts'

t.test('a text file is read, through a link and without its byte order mark', async (t) => {
  const folder = t.testdir({ 'a.yaml': '\uFEFFa: é\n' })
  symlinkSync(join(folder, 'a.yaml'), join(folder, 'b.yaml'))
  const result = await readSource(join(folder, 'b.yaml'))
  t.match(result, { ok: true, source: { text: 'a: é\n' } })
})

t.test('what is no readable text file gives one sentence', async (t) => {
  const folder = t.testdir({ 'nul.yaml': 'a\0b', folder: {}, 'large.yaml': 'x'.repeat(largestFileBytes + 1) })
  writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0x61, 0xff, 0xfe]))
  const expected = {
    missing: 'does not exist',
    'nul.yaml/below': 'does not exist',
    folder: 'is not a regular file',
    'nul.yaml': 'is not a text file',
    'binary.yaml': 'is not UTF-8 text',
    'large.yaml': `is larger than ${largestFileBytes} bytes`,
  }
  for (const [name, message] of Object.entries(expected)) {
    t.strictSame(await readSource(join(folder, name)), { ok: false, message }, name)
  }
})

t.test('a FIFO or a device does not hang the load', { timeout: 5000 }, async (t) => {
  const fifo = join(t.testdir({}), 'fifo')
  execFileSync('mkfifo', [fifo])
  t.strictSame(await readSource(fifo), { ok: false, message: 'is not a regular file' })
  t.strictSame(await readSource('/dev/zero'), { ok: false, message: 'is not a regular file' })
})

t.test('a name that no file can have is refused', async (t) => {
  t.match(await readSource('a\0b'), { ok: false })
  t.match(await readSource('x'.repeat(5000)), { ok: false, message: 'has a name that is too long' })
})
