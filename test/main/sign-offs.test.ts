import t from 'tap'
import { createSignOffs } from '../../src/main/sign-offs.ts'
import { until } from './process.ts'

t.test('a sign-off that fails is tried until it is done', async (t) => {
  const done: string[] = []
  let isAway = true
  const signOffs = createSignOffs(async (instance) => {
    if (isAway) throw new Error('away')
    done.push(instance)
    return true
  })
  signOffs.add('a')
  signOffs.add('b')
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.same(done, [])
  isAway = false
  await until(() => done.length === 2)
  t.same(done, ['a', 'b'])
  await signOffs.finish()
  t.same(done, ['a', 'b'])
})

t.test('at the end what is left is tried once more', async (t) => {
  let tries = 0
  const signOffs = createSignOffs(async () => ++tries > 1)
  signOffs.add('a')
  await until(() => tries === 1)
  await signOffs.finish()
  t.equal(tries, 2)
  await signOffs.finish()
  t.equal(tries, 2)
})
