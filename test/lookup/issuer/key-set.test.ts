import t from 'tap'
import { Secret } from '../../../src/credentials/secret.ts'
import { checkToken } from '../../../src/lookup/issuer/check-token.ts'
import { keySetTimes } from '../../../src/lookup/issuer/key-set.ts'
import { newSigningKey, signed } from '../../support/token-issuer.ts'
import { until } from '../../support/until.ts'
import { claimsOf, keySetOf, nowMs, published, settingsOf } from './subject.ts'

const [one, two] = [await newSigningKey('one'), await newSigningKey('two')]
const settings = settingsOf()

void t.test('where the keys are its metadata says, if it is its own', async (t) => {
  const asked: string[] = []
  const failures: (string | undefined)[] = []
  const serve = (about: object) => (url: string) => {
    asked.push(url)
    return Promise.resolve(url.endsWith('openid-configuration') ? JSON.stringify(about) : published(one))
  }
  const discovered = { settings: settingsOf({ issuer: 'https://id.test/a/', jwksUri: null }) }
  const tried = (_issuer: string, failure: string | undefined) => void failures.push(failure)
  const about = { issuer: 'https://id.test/a/', jwks_uri: 'https://keys.test/jwks' }
  const set = await keySetOf(t, serve(about), { ...discovered, tried })
  t.same(asked, ['https://id.test/a/.well-known/openid-configuration', 'https://keys.test/jwks'])
  t.equal(set.keys().length, 1)
  for (const wrong of [{ ...about, issuer: 'https://id.test/a' }, { issuer: about.issuer }, []])
    t.equal((await keySetOf(t, serve(wrong), { ...discovered, tried })).isUsable(), false)
  t.equal(failures.filter((one) => one !== undefined).length, 3)
})

void t.test('while the issuer is away the keys are as good for a day, and no longer', async (t) => {
  let at = 0
  let isAway = false
  const fetch = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(published(one)))
  const set = await keySetOf(t, fetch, { monotonicNow: () => at })
  isAway = true
  const check = async () => {
    const checked = await checkToken(new Secret(await signed(one, claimsOf())), {
      settings,
      keys: set,
      nowMs,
    })
    return checked.kind === 'right' ? 'right' : checked.reason
  }
  at = keySetTimes.usableMs - 1
  t.equal(await check(), 'right')
  at++
  t.equal(await check(), 'jwt_keys_too_old')
  const never = await keySetOf(t, () => Promise.reject(new Error('away')))
  const checked = await checkToken(new Secret(await signed(one, claimsOf())), {
    settings,
    keys: never,
    nowMs,
  })
  t.same(checked, { kind: 'unavailable', reason: 'jwt_no_keys' })
})

void t.test('a key that is not known has them fetched again, seldom, and is then told', async (t) => {
  let at = 0
  let asked = 0
  let text = published(one)
  const fetch = () => {
    asked++
    return Promise.resolve(text)
  }
  const set = await keySetOf(t, fetch, { monotonicNow: () => at })
  const check = async (key = two) => {
    const checked = await checkToken(new Secret(await signed(key, claimsOf())), {
      settings,
      keys: set,
      nowMs,
    })
    return checked.kind === 'right' ? 'right' : `${checked.kind} ${checked.reason}`
  }
  t.equal(await check(), 'wrong jwt_key_unknown', 'they have just been fetched')
  at = 60_000
  text = published(two)
  t.equal(await check(), 'unavailable jwt_key_not_yet_known')
  await until(() => set.version === 2, 'the new keys')
  t.equal(await check(), 'right')
  t.equal(await check(one), 'wrong jwt_key_unknown', 'the one that it has published before is over')
  for (let i = 0; i < 50; i++) await check(await newSigningKey(`made up ${i}`))
  t.equal(asked, 2, 'whoever makes up keys has nothing fetched')
})

void t.test('an issuer that is away is not asked for each key that is made up', async (t) => {
  let at = 0
  let asked = 0
  const fetch = () => (asked++ === 0 ? Promise.resolve(published(one)) : Promise.reject(new Error('away')))
  const set = await keySetOf(t, fetch, { monotonicNow: () => at, times: { ...keySetTimes, retryMs: 60_000 } })
  for (at = 60_000; at < 79_999; at += 100) {
    t.equal(set.lacks(), false, 'nobody can tell')
    await Promise.resolve()
  }
  t.ok(asked <= 3, `${asked}`)
})

void t.test('they are fetched ahead, for nobody’s request, and again soon where that failed', async (t) => {
  let asked = 0
  const fetch = () =>
    ++asked % 2 === 0
      ? Promise.reject(new Error('away'))
      : Promise.resolve(published(one, ...(asked > 4 ? [two] : [])))
  const set = await keySetOf(t, fetch, { times: { ...keySetTimes, refreshMs: 20, retryMs: 5 } })
  await until(() => asked > 6, 'further tries')
  t.equal(set.keys().length, 2)
  t.equal(set.version, 2, 'the same keys are no news')
  set.stop()
  const stopped = asked
  await new Promise((resolve) => setTimeout(resolve, 60))
  t.equal(asked, stopped, 'and not any more when it is stopped')
})

void t.test('what is no key set leaves the keys before in force', async (t) => {
  let text = published(one)
  const set = await keySetOf(t, () => Promise.resolve(text), {
    times: { ...keySetTimes, refreshMs: 5, retryMs: 5 },
  })
  for (const wrong of [
    '',
    '{}',
    '[]',
    'null',
    '{"keys":{}}',
    '{"keys":[]}',
    '{"keys":[null,5,{"kty":"oct","k":"x"}]}',
  ]) {
    text = wrong
    await new Promise((resolve) => setTimeout(resolve, 30))
    t.equal(set.keys().length, 1, wrong)
  }
})
