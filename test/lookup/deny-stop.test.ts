import t from 'tap'
import { nothingDenied } from '../../src/config/deny.ts'
import { createDenyStop, mostAdded } from '../../src/lookup/deny-stop.ts'
import { createDenyWords, type DenyWord } from '../../src/lookup/deny-words.ts'

const key = { kind: 'key', value: 'key_0123456789' } as const
const first = 'key_1000000000'
const inFile = { ...nothingDenied, key: new Set([key.value]) }

function subject(isSpread = true) {
  const told: DenyWord[] = []
  let changes = 0
  let nowMs = 1_000
  const stop = createDenyStop({
    words: createDenyWords(),
    spread: {
      start: async () => {},
      tell: async (word) => {
        told.push(word)
        return isSpread
      },
      held: async () => undefined,
      dismiss: async () => true,
      stop: async () => {},
    },
    now: () => nowMs++,
    changed: () => void changes++,
  })
  return { stop, told, changes: () => changes }
}

t.test('in force before anybody is told', async (t) => {
  const { stop, told } = subject()
  const done = stop.add(key, 'ann')
  t.same(stop.entries().key, new Set([key.value]))
  t.match(await done, { kind: 'done', isNew: true, isSpread: true, isInFile: false })
  t.match(told, [{ ...key, isDenied: true, actor: 'ann' }])
  t.match(stop.rows(), [{ ...key, source: 'api', actor: 'ann', atMs: 1_000 }])
})

t.test('repeating it changes nothing, but hands it on again', async (t) => {
  const { stop, told, changes } = subject(false)
  await stop.add(key, 'ann')
  t.match(await stop.add(key, 'bob'), { isNew: false, isSpread: false, word: { actor: 'ann' } })
  t.equal(changes(), 1)
  t.equal(told.length, 2)
  await stop.remove(key, 'bob')
  t.match(await stop.remove(key, 'bob'), { kind: 'done', isNew: false })
  t.equal(changes(), 2)
  t.same(stop.entries(), nothingDenied)
})

t.test('what was never denied cannot be taken back', async (t) => {
  t.same(await subject().stop.remove(key, 'ann'), { kind: 'unknown' })
})

t.test('only the file takes back what the file lists', async (t) => {
  const { stop, changes } = subject()
  stop.takeFile(inFile)
  stop.takeFile({ ...inFile, key: new Set(inFile.key) })
  t.equal(changes(), 1, 'the same file again is no change')
  t.same(await stop.remove(key, 'ann'), { kind: 'in_file' })
  t.match(await stop.add(key, 'ann'), { kind: 'done', isInFile: true })
  t.equal(stop.rows().length, 2)
  t.match(await stop.remove(key, 'ann'), { kind: 'done', isInFile: true, word: { isDenied: false } })
  t.same(stop.entries().key, new Set([key.value]), 'it stays denied')
  t.same(await stop.remove(key, 'ann'), { kind: 'in_file' })
  stop.takeFile(nothingDenied)
  t.same(stop.entries(), nothingDenied)
})

t.test('what was added by hand stays when the file changes', async (t) => {
  const { stop } = subject()
  await stop.add({ kind: 'client', value: '192.0.2.1' }, 'ann')
  stop.takeFile(inFile)
  t.same(stop.entries().client, new Set(['192.0.2.1']))
  stop.takeFile(nothingDenied)
  t.same(stop.entries().client, new Set(['192.0.2.1']))
})

t.test('there is a bound to what is added by hand', async (t) => {
  const { stop } = subject()
  for (let i = 0; i < mostAdded; i++) await stop.add({ kind: 'key', value: `key_${1e9 + i}` }, 'ann')
  t.same(await stop.add(key, 'ann'), { kind: 'full' })
  t.match(await stop.add({ kind: 'key', value: first }, 'ann'), { kind: 'done', isNew: false })
  await stop.remove({ kind: 'key', value: first }, 'ann')
  t.match(await stop.add(key, 'ann'), { kind: 'done' })
})
