import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { appendTo, standardOutput } from '../../src/telemetry/device.ts'

t.test('a file is made with its folders, and written to at its end', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-device-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a', 'log')
  appendTo(path).writeSync(Buffer.from('one\n'))
  const device = appendTo(path)
  const outcome = await new Promise((resolve) =>
    device.write(Buffer.from('two\n'), (error, bytes) => resolve({ error, bytes })),
  )
  t.same(outcome, { error: null, bytes: 4 })
  t.equal(readFileSync(path, 'utf8'), 'one\ntwo\n')
  t.ok(device.isFile)
  t.throws(() => appendTo(folder), { code: 'EISDIR' })
})

t.test('a full disk is an error that is handed back', async (t) => {
  const device = appendTo('/dev/full')
  const outcome = await new Promise((resolve) =>
    device.write(Buffer.from('one\n'), (error, bytes) => resolve({ error, bytes })),
  )
  t.match(outcome, { error: { code: 'ENOSPC' }, bytes: 0 })
})

t.test('what is no file answers in the same call', (t) => {
  const device = standardOutput()
  if (device.isFile) return t.end()
  let taken = -1
  device.write(Buffer.alloc(0), (_error, bytes) => {
    taken = bytes
  })
  t.equal(taken, 0)
  t.end()
})
