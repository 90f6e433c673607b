import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { bufferLines } from '../../src/telemetry/line-buffer.ts'

function subject(mostBytes: number, forMs = 60_000) {
  const writes: string[] = []
  const counts: number[] = []
  const sink = {
    write(bytes: Buffer, lines: number) {
      writes.push(bytes.toString())
      counts.push(lines)
    },
  }
  return { buffer: bufferLines(sink, { mostBytes, forMs }), writes, counts }
}

void t.test('lines go out together, in order and whole', (t) => {
  const { buffer, writes, counts } = subject(10)
  for (const line of ['aaa\n', 'bbb\n', 'ccc\n', 'ddddddddddddddd\n', 'e\n']) buffer.write(line)
  t.same(writes, ['aaa\nbbb\n', 'ccc\n', 'ddddddddddddddd\n'])
  buffer.flush()
  t.equal(writes.join(''), 'aaa\nbbb\nccc\nddddddddddddddd\ne\n')
  t.same(counts, [2, 1, 1, 1], 'with how many each block has')
  t.end()
})

void t.test('bytes are counted, not characters: what a pipe keeps whole is bytes', (t) => {
  const { buffer, writes } = subject(8)
  buffer.write('ééé\n')
  buffer.write('é\n')
  t.same(writes, ['ééé\n'])
  t.end()
})

void t.test('lines known to be ASCII stand among the others, in order', (t) => {
  const { buffer, writes } = subject(16)
  buffer.write('é1\n')
  buffer.writeAscii('two\n')
  buffer.write('dréi\n')
  buffer.writeAscii('longer than all of it\n')
  buffer.writeAscii('5\n')
  buffer.flush()
  t.same(writes, ['é1\ntwo\ndréi\n', 'longer than all of it\n', '5\n'])
  t.end()
})

void t.test('nothing is kept back for long', async (t) => {
  const { buffer, writes } = subject(1_000, 10)
  buffer.write('one\n')
  t.same(writes, [])
  while (writes.length === 0) await sleep(5)
  t.same(writes, ['one\n'])
  buffer.write('two\n')
  while (writes.length === 1) await sleep(5)
  t.same(writes, ['one\n', 'two\n'])
})

void t.test('a flush writes nothing where there is nothing', (t) => {
  const { buffer, writes } = subject(1_000)
  buffer.flush()
  t.same(writes, [])
  t.end()
})

void t.test('a line that is too long is shortened where that is asked for', (t) => {
  const writes: string[] = []
  const sink = { write: (bytes: Buffer) => void writes.push(bytes.toString()) }
  const shorten = (line: string) => `${line.slice(0, 3)}\n`
  const buffer = bufferLines(sink, { mostBytes: 8, forMs: 60_000, shorten })
  for (const line of ['one\n', 'a long line\n', 'two\n']) buffer.write(line)
  buffer.flush()
  t.same(writes, ['one\n', 'a l\n', 'two\n'])
  t.end()
})

void t.test('what the sink has not yet written is not changed by what comes after', (t) => {
  const taken: Buffer[] = []
  const sink = { write: (bytes: Buffer) => void taken.push(bytes) }
  const buffer = bufferLines(sink, { mostBytes: 8, forMs: 60_000 })
  const lines = ['aaa\n', 'bbb\n', 'ééé\n', '€\n', 'ccc\n', 'a line that is too long €\n', 'd\n']
  for (const line of lines) buffer.write(line)
  buffer.flush()
  t.equal(Buffer.concat(taken).toString(), lines.join(''))
  t.end()
})
