import t from 'tap'
import { Secret } from '../../../src/credentials/secret.ts'
import { nobodyIsTrusted } from '../../../src/lookup/issuer/checked-token.ts'
import { createIssuers } from '../../../src/lookup/issuer/issuers.ts'
import { newSigningKey, signed } from '../../support/token-issuer.ts'
import { claimsOf, nowMs, published, settingsOf } from './subject.ts'

const one = await newSigningKey('one')
const two = await newSigningKey('two')

function subject(t: { teardown(fn: () => void): unknown }) {
  const state = { at: 0, text: published(one), asked: 0 }
  const issuers = createIssuers({
    fetch() {
      state.asked++
      return Promise.resolve(state.text)
    },
    monotonicNow: () => state.at,
    now: () => nowMs,
    tried: () => {},
  })
  t.teardown(() => issuers.stop())
  return { state, issuers }
}

void t.test('what was right is remembered for a minute, of its own API alone', async (t) => {
  const { state, issuers } = subject(t)
  const [settings, other] = [settingsOf(), settingsOf({ audience: 'https://other.test' })]
  await issuers.follow([settings, other])
  t.equal(state.asked, 1, 'one issuer is asked once')
  const token = new Secret(await signed(one, claimsOf()))
  t.equal(issuers.known(settings, token), undefined)
  t.match(await issuers.check(settings, token), { kind: 'right' })
  t.match(issuers.known(settings, token), { kind: 'right' })
  t.equal(issuers.known(other, token), undefined)
  t.match(await issuers.check(other, token), { kind: 'wrong', reason: 'jwt_audience' })
  t.equal(issuers.known(other, token), undefined, 'what was wrong is not remembered')
  state.at = 60_000
  t.equal(issuers.known(settings, token), undefined)
})

void t.test('what was right is forgotten with the keys that it was checked by', async (t) => {
  const { state, issuers } = subject(t)
  const settings = settingsOf()
  await issuers.follow([settings])
  const token = new Secret(await signed(one, claimsOf()))
  await issuers.check(settings, token)
  state.at = 30_000
  state.text = published(two)
  t.match(await issuers.check(settings, new Secret(await signed(two, claimsOf()))), { kind: 'unavailable' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(issuers.known(settings, token), undefined)
  t.match(await issuers.check(settings, token), { kind: 'wrong', reason: 'jwt_key_unknown' })
})

void t.test('an issuer that is not followed any more is not asked, and nothing of it is right', async (t) => {
  const { issuers } = subject(t)
  const settings = settingsOf()
  await issuers.follow([settings])
  const token = new Secret(await signed(one, claimsOf()))
  await issuers.check(settings, token)
  await issuers.follow([])
  t.equal(issuers.keySets().size, 0)
  t.equal(issuers.known(settings, token), undefined)
  t.same(await issuers.check(settings, token), { kind: 'unavailable', reason: 'jwt_no_keys' })
  await issuers.follow([settings])
  t.match(await issuers.check(settings, token), { kind: 'right' })
})

void t.test('who asks what would be decided knows no issuer', async (t) => {
  t.equal(nobodyIsTrusted.known(settingsOf(), new Secret('a.b.c')), undefined)
  t.match(await nobodyIsTrusted.check(settingsOf(), new Secret('a.b.c')), { kind: 'unavailable' })
})
