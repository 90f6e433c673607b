import t from 'tap'
import { digestOfCode, shownCode, typedCode } from '../../src/credentials/user-code.ts'

t.test('a code is read as people type it, and as nothing else', async (t) => {
  for (const text of ['BCDFGHJK', 'bcdf-ghjk', ' bcdf ghjk ', 'B-C-D-F-G-H-J-K'])
    t.equal(typedCode(text), 'BCDFGHJK')
  for (const text of ['', 'BCDFGHJ', 'BCDFGHJKL', 'ACDFGHJK', 'BCDFGHJ1', 'BCDF_GHJK', 'ßCDFGHJK'])
    t.equal(typedCode(text), undefined, text)
  t.equal(shownCode('BCDFGHJK'), 'BCDF-GHJK')
})

t.test('of a code its digest is kept, which is that of no other', async (t) => {
  t.match(digestOfCode('BCDFGHJK'), /^[0-9a-f]{64}$/)
  t.not(digestOfCode('BCDFGHJK'), digestOfCode('BCDFGHJL'))
})
