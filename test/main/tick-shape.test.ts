import { executionAsyncResource } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { Script } from 'node:vm'
import t from 'tap'
import { tickShape } from '../../src/main/tick-shape.ts'

const isNode20 = process.versions.node.startsWith('20.')

void t.test('it is of one shape with what nextTick keeps', { skip: !isNode20 && 'of Node 20' }, async (t) => {
  const tick = await new Promise<object>((resolve) => {
    process.nextTick(() => resolve(executionAsyncResource()))
  })
  t.not(tick, tickShape)
  t.same(Reflect.ownKeys(tick), Reflect.ownKeys(tickShape))
  setFlagsFromString('--allow-natives-syntax')
  const haveSameShape: unknown = new Script('(a, b) => %HaveSameMap(a, b)').runInThisContext()
  if (typeof haveSameShape !== 'function') throw new Error('no function')
  t.equal(haveSameShape(tick, tickShape), true)
  t.equal(haveSameShape(tick, { callback: 1 }), false, 'and others are of another')
  setFlagsFromString('--no-allow-natives-syntax')
})
