// Contract 7: what stands in Redis is sealed under LATCHKEY_CACHE_KEY, also what Redis counts with.

import { createHash } from 'node:crypto'
import t from 'tap'
import { prelude, preludeArguments, type ScriptKeys } from '../../src/limits/sealed-script.ts'
import { createSeal } from '../../src/lookup/seal.ts'
import { rawClient } from '../lookup/redis-subject.ts'
import { startRedis } from '../support/redis-service.ts'

const [older, newer] = ['an-older-key-of-thirty-two-characters', 'a-newer-key-of-thirty-two-characters']
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')

t.test('a script seals by the first key and opens by all, and nothing that was moved or made', async (t) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const client = rawClient(t, redis.url)
  const run = (code: string, keys: ScriptKeys, ...args: string[]) =>
    client.eval(`${prelude}\n${code}`, 1, 'place', ...preludeArguments(keys), ...args)
  const close = (keys: ScriptKeys, text: string) =>
    run('return close(KEYS[1], ARGV[first])', keys, text) as Promise<string>
  const open = (keys: ScriptKeys, value: string, place = 'place') =>
    run('return { open(ARGV[first + 1], ARGV[first]) or "-", wrong }', keys, value, place)

  const old = createSeal(older).scriptKeys
  const both = createSeal(newer, older).scriptKeys
  const [[inner, outer]] = both
  const sealed = await close(both, 'text')
  t.equal(sealed, `${sha1(outer + sha1(`${inner}place\0text`)).slice(0, 32)}text`)
  t.match([inner, outer].join(' '), /^[0-9a-f]{64} [0-9a-f]{64}$/)
  t.same(await open(both, sealed), ['text', 0])
  t.same(await open(both, await close(old, 'text')), ['text', 0], 'of the key before')
  t.same(await open(old, sealed), ['-', 1], 'of a key that it does not have')
  t.same(await open(both, sealed, 'elsewhere'), ['-', 1])
  t.same(await open(both, `${sealed}9`), ['-', 1])
  t.same(await open(both, '17'), ['-', 1])
  t.same(
    await run('return { open(KEYS[1], false) or "-", wrong }', both),
    ['-', 0],
    'what is not there is not wrong',
  )
})

t.test('the keys of scripts are of no other use, and others of another cache key', async (t) => {
  const seal = createSeal(older)
  t.notSame(seal.scriptKeys, createSeal(newer).scriptKeys)
  t.same(createSeal(newer, older).scriptKeys, [...createSeal(newer).scriptKeys, ...seal.scriptKeys])
  const said = JSON.stringify([seal.fingerprints, seal.namesOf('x'), seal.close('p', 'x')])
  for (const key of seal.scriptKeys.flat()) t.notOk(said.includes(key.slice(0, 16)))
})
