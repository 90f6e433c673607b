import t from 'tap'
import { linesOf } from '../../../../src/control/keys/import/lines.ts'
import { maxBodyBytes, maxLineBytes, maxLines } from '../../../../src/credentials/import-limits.ts'

async function* chunksOf(chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

async function read(...chunks: (string | Buffer)[]) {
  const lines: [number, string | null][] = []
  for await (const { number, bytes } of linesOf(chunksOf(chunks))) {
    lines.push([number, bytes === null ? null : bytes.toString()])
  }
  return lines
}

void t.test('lines are the same wherever the chunks end; empty ones count', async (t) => {
  const expected = [
    [1, 'a'],
    [3, 'bcd'],
    [4, 'e'],
  ]
  t.same(await read('a\n \r\nbcd\ne'), expected)
  t.same(await read('a', '\n ', '\r\n', 'b', 'c', 'd\n', 'e'), expected)
  t.same(await read('a\n\nbcd\ne\n', '\n'), expected)
  t.same(await read(), [])
  t.same(await read('\n\n'), [])
})

void t.test('a line that is too long is told as such, and the next one is read', async (t) => {
  const long = 'x'.repeat(maxLineBytes)
  t.same(await read(`${long}y\nb\n`, long.slice(1), '\n'), [
    [1, null],
    [2, 'b'],
    [3, long.slice(1)],
  ])
  t.same(await read(long, 'y'), [[1, null]])
})

void t.test('neither more lines nor more bytes than may be are read', async (t) => {
  t.equal((await read('a\n'.repeat(maxLines))).length, maxLines)
  await t.rejects(read('a\n'.repeat(maxLines), 'b'), { message: /^BODY_TOO_LARGE/ })
  await t.rejects(read('\n'.repeat(maxLines + 1)), { message: /^BODY_TOO_LARGE/ })
  const quarter = Buffer.alloc(maxBodyBytes / 4, 'x')
  await t.rejects(read(quarter, quarter, quarter, quarter, 'x'), { message: /^BODY_TOO_LARGE/ })
})

void t.test('a sender that leaves is a bad request', async (t) => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('a\n')
    throw new Error('aborted')
  }
  await t.rejects(
    async () => {
      for await (const line of linesOf(broken())) t.equal(line.number, 1)
    },
    { message: 'BAD_REQUEST: cut_body' },
  )
})
