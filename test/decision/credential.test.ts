// Contract 5.4 and 5.5.

import * as fc from 'fast-check'
import t from 'tap'
import { Secret } from '../../src/credentials/secret.ts'
import { chooseEnvironment, extractCredential } from '../../src/decision/credential.ts'
import { matchRoute } from '../../src/decision/route.ts'
import { accessOf, loadDemo } from '../gateway/subject.ts'

const config = await loadDemo()
const header = 'Host: api.flintn.com'
const bearer = 'Host: api.flint.com'
const key = `pk_live_${'a'.repeat(38)}`

/** The state after the route was found and the credential sought. */
function seek(fields: readonly string[], target?: string) {
  const isBearer = fields.includes(bearer)
  const access = accessOf(config, {
    fields,
    target: target ?? (isBearer ? '/documents' : '/v1/transactions/1'),
  })
  const denial = matchRoute(access) ?? extractCredential(access)
  const found = access.credential === undefined ? undefined : Secret.reveal(access.credential)
  return { access, found, code: denial?.code, reason: denial?.reason }
}

t.test('the key is found in the header that the API takes, whatever its case', (t) => {
  for (const name of ['X-Api-Key', 'x-api-key', 'X-API-KEY'])
    t.equal(seek([header, `${name}: ${key}`]).found, key)
  t.end()
})

t.test("a bearer token is found, whatever the scheme's case and the space around it", (t) => {
  for (const value of [`Bearer ${key}`, `bearer ${key}`, `BEARER  ${key} `, `Bearer\t${key}`]) {
    t.equal(seek([bearer, `Authorization: ${value}`]).found, key, value)
  }
  t.end()
})

const missing: Record<string, readonly string[]> = {
  'no header': [header],
  'an empty header': [header, 'X-Api-Key:'],
  'Authorization where a header is taken': [header, `Authorization: Bearer ${key}`],
  'no Authorization': [bearer],
  'an empty Authorization': [bearer, 'Authorization:'],
  'a bare Bearer': [bearer, 'Authorization: Bearer'],
  'a header where Bearer is taken': [bearer, `X-Api-Key: ${key}`],
}
for (const [name, fields] of Object.entries(missing)) {
  t.test(`${name}: MISSING_API_KEY`, (t) => {
    t.match(seek(fields), { code: 'MISSING_API_KEY', found: undefined })
    t.end()
  })
}

const invalid: Record<string, [reason: string, fields: readonly string[]]> = {
  'two keys': ['several_credentials', [header, `X-Api-Key: ${key}`, `X-Api-Key: ${key}`]],
  'a key and an empty one': ['several_credentials', [header, `X-Api-Key: ${key}`, 'x-api-key:']],
  'two bearers': [
    'several_credentials',
    [bearer, `Authorization: Bearer ${key}`, `Authorization: Bearer ${key}`],
  ],
  'another scheme': ['other_scheme', [bearer, 'Authorization: Basic YTpi']],
  'a key without a scheme': ['other_scheme', [bearer, `Authorization: ${key}`]],
  'another scheme beside a bearer': [
    'other_scheme',
    [bearer, `Authorization: Bearer ${key}`, 'Authorization: Basic x'],
  ],
}
for (const [name, [reason, fields]] of Object.entries(invalid)) {
  t.test(`${name}: INVALID_API_KEY`, (t) => {
    t.match(seek(fields), { code: 'INVALID_API_KEY', reason, found: undefined })
    t.end()
  })
}

t.test('a key in the query is refused on every route, public ones and beside a header too', (t) => {
  const percent = (text: string) =>
    Array.from(text, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
  const written = fc.constantFrom(key, `${percent('pk_live_')}x`, 'flint_test_x', 'pk_test_', 'pk%5Flive%5fx')
  const target = fc.constantFrom('/v1/status', '/v1/transactions/1')
  fc.assert(
    fc.property(written, target, fc.constantFrom('a', 'api_key', ''), (value, path, name) => {
      for (const query of [`${name}=${value}`, `x=1&${name}=${value}`, `x=1;${name}=${value}&y`, value]) {
        t.equal(seek([header, `X-Api-Key: ${key}`], `${path}?${query}`).reason, 'key_in_query', query)
      }
    }),
  )
  t.end()
})

t.test('a query that only holds a prefix further on, or encoded twice, is no key', (t) => {
  for (const query of ['x=apk_live_', 'pk_live_=x', 'x=pk%255Flive_', 'x=pk_live', 'x=', '']) {
    t.equal(seek([header, `X-Api-Key: ${key}`], `/v1/transactions/1?${query}`).found, key, query)
  }
  t.end()
})

t.test('a public route asks for no key, and takes no offence at one', (t) => {
  t.match(seek([header], '/v1/status'), { code: undefined, found: undefined })
  t.match(seek([header, `X-Api-Key: ${key}`], '/v1/status'), { code: undefined, found: undefined })
  t.end()
})

function environmentOf(fields: readonly string[]) {
  const { access } = seek(fields)
  const denial = chooseEnvironment(access)
  return denial?.code ?? access.environment?.name
}

t.test('the prefix alone chooses the environment', (t) => {
  const sandboxKey = `pk_test_${'a'.repeat(38)}`
  t.equal(environmentOf([header, `X-Api-Key: ${key}`]), 'live')
  t.equal(environmentOf([header, `X-Api-Key: ${sandboxKey}`]), 'WRONG_ENVIRONMENT')
  t.equal(environmentOf(['Host: sandbox.api.flintn.com', `X-Api-Key: ${sandboxKey}`]), 'sandbox')
  t.equal(
    environmentOf([bearer, 'Authorization: Bearer flint_live_x']),
    'live',
    'also where both share a host',
  )
  t.equal(environmentOf([bearer, 'Authorization: Bearer flint_test_x']), 'sandbox')
  t.end()
})

t.test("another API's prefix is no matter of the environment", (t) => {
  t.equal(environmentOf([header, 'X-Api-Key: flint_live_x']), undefined)
  t.equal(environmentOf([header, 'X-Api-Key: nothing_known']), undefined)
  t.end()
})
