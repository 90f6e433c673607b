import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { openImportFile } from '../../../src/cli/keys/import-file.ts'
import { maxLineBytes } from '../../../src/credentials/import-limits.ts'

interface TestFolder {
  testdir(): string
}

/** The parts of a text, as they would be sent. */
async function partsOf(t: TestFolder, text: string | Buffer, limits: { bytes: number; lines: number }) {
  const name = join(t.testdir(), 'keys.jsonl')
  await writeFile(name, text)
  const file = await openImportFile(name, limits)
  const parts: { text: string; firstLine: number; lastLine: number }[] = []
  for (const part of file.parts) {
    const { firstLine, lastLine } = part
    parts.push({ text: await new Response(file.body(part)).text(), firstLine, lastLine })
  }
  await file.close()
  return parts
}

t.test('a file is cut at ends of lines, and nothing of it is lost or sent twice', async (t) => {
  const limits = { bytes: 100, lines: 3 }
  t.same(await partsOf(t, 'a\nb\nc\nd\ne', limits), [
    { text: 'a\nb\nc\n', firstLine: 1, lastLine: 3 },
    { text: 'd\ne', firstLine: 4, lastLine: 5 },
  ])
  t.same(await partsOf(t, 'aaaa\nbbbb\ncc\n', { bytes: 10, lines: 100 }), [
    { text: 'aaaa\nbbbb\n', firstLine: 1, lastLine: 2 },
    { text: 'cc\n', firstLine: 3, lastLine: 3 },
  ])
  for (let seed = 1; seed <= 60; seed++) {
    const lines = Array.from({ length: seed }, (_, index) => 'x'.repeat((index * 7 * seed) % 23))
    const text = lines.join('\n') + (seed % 2 === 0 ? '\n' : '')
    const parts = await partsOf(t, text, { bytes: 60, lines: 1 + (seed % 5) })
    const kept = parts.map((part) => part.text).join('')
    t.equal(kept.replace(/\n+/g, '\n').trim(), text.replace(/\n+/g, '\n').trim(), `seed ${seed}`)
    for (const part of parts) {
      t.ok(part.text.length <= 60 && part.lastLine - part.firstLine < 1 + (seed % 5))
      t.equal(part.text.split('\n')[0], lines[part.firstLine - 1])
    }
  }
})

t.test('a part of blank lines alone is left out; an empty file is one part', async (t) => {
  t.same(await partsOf(t, 'a\n\n \r\n\t\nb\n', { bytes: 100, lines: 2 }), [
    { text: 'a\n\n', firstLine: 1, lastLine: 2 },
    { text: 'b\n', firstLine: 5, lastLine: 5 },
  ])
  t.same(await partsOf(t, '', { bytes: 100, lines: 2 }), [{ text: '', firstLine: 1, lastLine: 1 }])
  t.same(await partsOf(t, '\n\n\n', { bytes: 100, lines: 2 }), [{ text: '', firstLine: 1, lastLine: 1 }])
})

t.test('a file of several chunks, with lines across them', async (t) => {
  const lines = Array.from({ length: 40_000 }, (_, index) => `${index} ${'é'.repeat(index % 40)}`)
  const text = `${lines.join('\n')}\n`
  const parts = await partsOf(t, text, { bytes: 1_000_000, lines: 15_000 })
  t.equal(parts.map((part) => part.text).join(''), text)
  t.same(
    parts.map(({ firstLine }) => firstLine),
    [1, 15_001, 30_001],
  )
})

t.test('a line that is longer than one may be is told with its number', async (t) => {
  const long = 'x'.repeat(maxLineBytes)
  t.equal((await partsOf(t, `a\n${long}\n`, { bytes: 1e6, lines: 9 })).length, 1)
  await t.rejects(partsOf(t, `a\n${long}y\n`, { bytes: 1e6, lines: 9 }), {
    message: /^cannot import .*: its line 2 is longer than 65536 bytes$/,
    exitCode: 1,
  })
})

t.test('what can be read once only is taken as long as it is one part', async (t) => {
  const pipe = join(t.testdir(), 'pipe')
  execFileSync('mkfifo', [pipe])
  const [file] = await Promise.all([openImportFile(pipe), writeFile(pipe, 'a\nb\n')])
  const [part] = file.parts
  t.equal(file.parts.length, 1)
  // As often as it is asked for.
  for (const _ of [1, 2]) if (part) t.equal(await new Response(file.body(part)).text(), 'a\nb\n')
  const large = Buffer.alloc(64 * 1024 * 1024 + 1, 'x')
  const written = writeFile(pipe, large).catch(() => undefined)
  await t.rejects(openImportFile(pipe), { message: /must come from a regular file/, exitCode: 2 })
  await written
})
