import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { whyUnreadable, whyUnwritable } from '../../src/config/file-fault.ts'

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

t.test('what the system says of a file, in words', async (t) => {
  const folder = t.testdir({ file: '', shut: '' })
  const at = (name: string) => join(folder, name)
  const read = (name: string) => whyUnreadable(thrownBy(() => readFileSync(at(name))))
  t.equal(read('none'), 'does not exist')
  t.equal(read('file/below'), 'does not exist')
  t.equal(read('.'), 'is not a regular file')
  t.equal(read('n'.repeat(300)), 'has a name that is too long')
  const write = (name: string) => whyUnwritable(thrownBy(() => writeFileSync(at(name), 'a')))
  t.equal(write('none/file'), 'cannot be written: its folder does not exist')
  t.equal(write('.'), 'is a folder')
  // Root reads and writes everything.
  if (process.getuid?.() === 0) return
  chmodSync(at('shut'), 0)
  t.equal(read('shut'), 'may not be read (permission denied)')
  t.equal(write('shut'), 'cannot be written: permission denied')
})

t.test('what has no words is told by its code, and what has none as unknown', async (t) => {
  t.equal(whyUnreadable(Object.assign(new Error(), { code: 'EIO' })), 'cannot be read (EIO)')
  t.equal(whyUnwritable(Object.assign(new Error(), { code: 'EIO' })), 'cannot be written (EIO)')
  t.equal(whyUnreadable(new Error('x')), 'cannot be read (unknown error)')
  t.equal(whyUnreadable('x'), 'cannot be read (unknown error)')
})
