import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { watchFiles, type WatchOptions } from '../../src/config/watch.ts'

const lookEveryMs = 20

interface Subject {
  testdir(files: Record<string, string>): string
  teardown(fn: () => void): unknown
}

function watched(
  t: Subject,
  options: WatchOptions = { lookEveryMs },
  during: () => Promise<void> = async () => {},
) {
  const file = join(t.testdir({ a: 'one' }), 'a')
  let calls = 0
  const watch = watchFiles(
    () => [file],
    async () => {
      calls++
      await during()
    },
    options,
  )
  t.teardown(() => watch.stop())
  const untilCalled = async (times: number) => {
    const endsAt = performance.now() + 5_000
    while (calls < times && performance.now() < endsAt) await sleep(5)
    return calls
  }
  return { file, untilCalled }
}

t.test('a file that is written, replaced, removed or back is told once each', async (t) => {
  const { file, untilCalled } = watched(t)
  await sleep(100)
  t.equal(await untilCalled(0), 0, 'what is there at the beginning is no news')
  await writeFile(file, 'two')
  t.equal(await untilCalled(1), 1)
  await writeFile(`${file}.new`, 'two')
  await rename(`${file}.new`, file)
  t.equal(await untilCalled(2), 2)
  await rm(file)
  t.equal(await untilCalled(3), 3)
  await writeFile(file, 'two')
  t.equal(await untilCalled(4), 4)
  await sleep(100)
  t.equal(await untilCalled(0), 4)
})

t.test('what is there at the first look is news, where it was read before', async (t) => {
  const { untilCalled } = watched(t, { lookEveryMs, tellsFirst: true })
  t.equal(await untilCalled(1), 1)
  await sleep(100)
  t.equal(await untilCalled(0), 1)
})

t.test('a change while the last one is being read is not lost', async (t) => {
  let isFirst = true
  const { file, untilCalled } = watched(t, { lookEveryMs }, async () => {
    if (!isFirst) return
    isFirst = false
    await writeFile(file, 'three, while two is read')
  })
  await sleep(50)
  await writeFile(file, 'two')
  t.equal(await untilCalled(2), 2)
})

t.test(
  'a change to a file that is new to the set, while it is read for the first time, is not lost',
  async (t) => {
    const folder = t.testdir({ first: 'one', second: 'one' })
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    let files = [first]
    const read: string[] = []
    const watch = watchFiles(
      () => files,
      async () => {
        read.push(await readFile(second, 'utf8'))
        files = [first, second]
        if (read.length === 1) await writeFile(second, 'two, which nobody has read')
      },
      { lookEveryMs },
    )
    t.teardown(() => watch.stop())
    await sleep(50)
    await writeFile(first, 'names the second')
    const endsAt = performance.now() + 5_000
    while (read.length < 2 && performance.now() < endsAt) await sleep(5)
    await sleep(200)
    t.same(read, ['one', 'two, which nobody has read'])
  },
)

t.test('a file that is written again and again is read all the same', async (t) => {
  const folder = t.testdir({ 'a.yaml': '0' })
  const file = join(folder, 'a.yaml')
  let calls = 0
  const watch = watchFiles(
    () => [file],
    async () => void calls++,
    { lookEveryMs: 20 },
  )
  t.teardown(() => watch.stop())
  for (let i = 0; i < 400 && calls === 0; i++) {
    await writeFile(file, `${i}`.repeat(1 + (i % 7)))
    await new Promise((resolve) => setTimeout(resolve, 8))
  }
  t.ok(calls > 0)
})
