import t from 'tap'
import type { Device, Written } from '../../src/telemetry/device.ts'
import { createOutput } from '../../src/telemetry/output.ts'

/** A device with so much room, which may also be broken. */
function subject({ room = Infinity, mostWaitingBytes = 100 } = {}) {
  const state = { room, code: '', taken: '', writes: 0 }
  const put = (bytes: Uint8Array): number => {
    state.writes++
    const fits = Math.min(state.room, bytes.length)
    if (fits > 0) {
      state.taken += Buffer.from(bytes.subarray(0, fits)).toString()
      state.room -= fits
      return fits
    }
    throw Object.assign(new Error('cannot'), { code: state.code === '' ? 'EAGAIN' : state.code })
  }
  const device: Device = {
    isFile: false,
    write(bytes: Uint8Array, done: Written) {
      let taken = 0
      try {
        taken = put(bytes)
      } catch (error) {
        return done(error, 0)
      }
      done(null, taken)
    },
    writeSync: put,
  }
  const output = createOutput(device, { mostWaitingBytes, lostLine: (lines) => `lost ${lines}\n` })
  const write = (text: string) => output.write(Buffer.from(text), text.split('\n').length - 1)
  const untilTaken = async (text: string) => {
    while (state.taken !== text) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { state, output, write, untilTaken }
}

const holdOpen = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(holdOpen))

t.test('what there is room for is written in the same call', (t) => {
  const { state, write, output } = subject()
  write('one\ntwo\n')
  write('three\n')
  t.equal(state.taken, 'one\ntwo\nthree\n')
  t.equal(output.dropped(), 0)
  t.end()
})

t.test('a device that is full for a while gets all, in order', async (t) => {
  const { state, write, output, untilTaken } = subject({ room: 5 })
  write('one\ntwo\n')
  write('three\n')
  t.equal(state.taken, 'one\nt')
  state.room = 4
  await untilTaken('one\ntwo\nt')
  state.room = Infinity
  await untilTaken('one\ntwo\nthree\n')
  t.equal(output.dropped(), 0)
  t.notOk(output.isDropping())
})

t.test('what waits is bounded; the rest is lost, and told where it is missing', async (t) => {
  const { state, write, output, untilTaken } = subject({ room: 0, mostWaitingBytes: 10 })
  write('one\n')
  write('two\n')
  write('three\nfour\n')
  write('5\n')
  t.equal(output.dropped(), 3, 'a gap stays one until what is before it is written')
  t.ok(output.isDropping())
  state.room = 8
  await untilTaken('one\ntwo\n')
  t.ok(output.isDropping(), 'nobody was told yet')
  state.room = Infinity
  await untilTaken('one\ntwo\nlost 3\n')
  t.notOk(output.isDropping())
  write('six\n')
  t.equal(state.taken, 'one\ntwo\nlost 3\nsix\n')
  t.equal(output.dropped(), 3)
})

t.test('a full device is not asked again for each block', (t) => {
  const { state, write } = subject({ room: 0, mostWaitingBytes: 1_000 })
  for (let i = 0; i < 50; i++) write('line\n')
  t.equal(state.writes, 1)
  t.end()
})

t.test('what a device fails to take is lost, but for the end of a line that was begun', async (t) => {
  const { state, write, output, untilTaken } = subject({ room: 6 })
  state.code = 'ENOSPC'
  write('one\ntwo\nthree\n')
  write('four\n')
  t.equal(output.dropped(), 2)
  state.room = Infinity
  await untilTaken('one\ntwo\nlost 2\n')
  t.notOk(output.isDropping())
})

t.test('a line that ends where the device fails is whole', async (t) => {
  const { state, write, output, untilTaken } = subject({ room: 4 })
  state.code = 'EIO'
  write('one\ntwo\n')
  t.equal(output.dropped(), 1)
  state.room = Infinity
  await untilTaken('one\nlost 1\n')
})

t.test('lost lines of which nobody could be told are told later, and counted once', async (t) => {
  const { state, write, output, untilTaken } = subject({ room: 0 })
  state.code = 'EPIPE'
  write('one\n')
  while (state.writes < 3) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(output.dropped(), 1)
  t.ok(output.isDropping())
  write('two\n')
  state.room = 3
  await untilTaken('los')
  t.ok(output.isDropping())
  state.room = Infinity
  await untilTaken('lost 2\n')
  t.equal(output.dropped(), 2)
  t.notOk(output.isDropping())
})

t.test('the end waits for a reader, and not for ever', (t) => {
  const full = subject({ room: 2 })
  full.write('one\n')
  full.output.finish(20)
  t.equal(full.state.taken, 'on')
  const failed = subject({ room: 0 })
  failed.state.code = 'EPIPE'
  failed.write('one\n')
  failed.output.finish(60_000)
  t.equal(failed.state.taken, '', 'who has failed is not waited for')
  const { state, write, output } = subject({ room: 0 })
  write('one\n')
  write('two\n')
  state.room = Infinity
  output.finish(60_000)
  t.equal(state.taken, 'one\ntwo\n')
  t.end()
})

t.test('what a thread is writing is not written again at the end', (t) => {
  let taken = ''
  const dones: Written[] = []
  const device: Device = {
    isFile: true,
    write: (_bytes, done) => void dones.push(done),
    writeSync(bytes) {
      taken += Buffer.from(bytes).toString()
      return bytes.length
    },
  }
  const output = createOutput(device, { mostWaitingBytes: 100, lostLine: String })
  for (const text of ['one\n', 'two\n']) output.write(Buffer.from(text), 1)
  t.equal(dones.length, 1, 'one after the other')
  output.finish(1_000)
  t.equal(taken, 'two\n')
  t.end()
})
