import t from 'tap'
import { formatFault } from '../../src/config/fault.ts'
import { edit, faultsOf, gatewayYaml, load } from './files.ts'

const withCors = (cors: string) =>
  edit(gatewayYaml, '    permissions: table.yaml', `    cors: ${cors}\n    permissions: table.yaml`)
const withOrigins = (...origins: string[]) => withCors(`{ origins: ${JSON.stringify(origins)} }`)

t.test('origins are taken as browsers write them', async (t) => {
  for (const origin of [
    ...['https://shop.example', 'http://localhost:3000', 'https://shop.example:8443', 'http://127.0.0.1'],
    ...['http://[::1]:3000', 'https://xn--bcher-kva.example', 'capacitor://localhost', '*'],
    'chrome-extension://abcdefgh',
  ])
    t.strictSame(await faultsOf(t, { gateway: withOrigins(origin) }), [], origin)
})

t.test('an origin that no browser would write is a fault, with what was probably meant', async (t) => {
  for (const [origin, message] of [
    ['https://shop.example/', /is no origin.*did you mean https:\/\/shop\.example\?/],
    ['https://Shop.example', /is no origin.*did you mean https:\/\/shop\.example\?/],
    ['https://shop.example/cart', /is no origin.*did you mean https:\/\/shop\.example\?/],
    ['https://shop.example:443', /another way.*did you mean https:\/\/shop\.example\?/],
    ['http://shop.example:80', /another way/],
    ['http://127.1', /another way.*did you mean http:\/\/127\.0\.0\.1\?/],
    ['shop.example', /is no origin/],
    ['https://*.shop.example', /is no origin/],
    ['null', /is no origin/],
    ['https://user@shop.example', /is no origin/],
    ['https://shop.example:123456', /is no origin/],
  ] as const) {
    const faults = await faultsOf(t, { gateway: withOrigins(origin) })
    t.equal(faults.length, 1, origin)
    t.match(faults[0], message, origin)
    t.match(faults[0], /^gateway\.yaml:12:23 /, origin)
  }
})

t.test('`*` stands alone, and an origin is listed once', async (t) => {
  t.match(await faultsOf(t, { gateway: withOrigins('https://a.example', '*') }), [
    /`\*` stands for all origins/,
  ])
  t.match(await faultsOf(t, { gateway: withOrigins('https://a.example', 'https://a.example') }), [
    /listed twice/,
  ])
  t.match(await faultsOf(t, { gateway: withOrigins() }), [/must be a list of at least one origin/])
})

t.test('`cors` is a word or a mapping, and a mistyped word is seen', async (t) => {
  t.match(await faultsOf(t, { gateway: withCors('upstraem') }), [
    /`cors` must be `off`, `upstream`, or a mapping with `origins` .*did you mean upstream\?/,
  ])
  t.match(await faultsOf(t, { gateway: withCors('{ headers: [X-Api-Key] }') }), [/missing key `origins`/])
  t.match(await faultsOf(t, { gateway: withCors('{ origins: ["*"], max_age: 5 }') }), [
    /`max_age` must be a duration/,
  ])
  t.match(await faultsOf(t, { gateway: withCors('{ origins: ["*"], headers: ["a b"] }') }), [
    /must be a header name/,
  ])
  t.match(await faultsOf(t, { gateway: withCors('{ origins: ["*"], credentials: true }') }), [
    /unknown key `credentials`/,
  ])
})

t.test('headers that leave the key out are warned of', async (t) => {
  const warnings = async (headers: string, credential = '{ header: X-Api-Key }') => {
    const gateway = edit(
      withCors(`{ origins: ["*"], headers: ${headers} }`),
      '{ header: X-Api-Key }',
      credential,
    )
    const result = await load(t, { gateway })
    return result.warnings.map(formatFault)
  }
  t.match(await warnings('[Content-Type]'), [/`headers` does not name X-Api-Key: pages could not send a key/])
  t.strictSame(await warnings('[x-api-key]'), [])
  t.strictSame(await warnings('["*"]'), [])
  t.match(await warnings('["*"]', '{ bearer: true }'), [/does not name Authorization/])
  t.strictSame(await warnings('[Authorization]', '{ header: X-Api-Key, bearer: true }'), [])
})

t.test('with `oauth` pages may also send a token, and a proof where it is bound', async (t) => {
  const warnings = async (headers: string, oauth: string) => {
    const gateway = `${withCors(`{ origins: ["*"], headers: ${headers} }`)}    oauth: ${oauth}\n`
    const result = await load(t, { gateway })
    return result.warnings.map(formatFault).filter((text) => text.includes('`headers`'))
  }
  t.strictSame(await warnings('[Authorization]', '{}'), [])
  t.match(await warnings('[Content-Type]', '{}'), [/does not name X-Api-Key or Authorization/])
  t.match(await warnings('[Authorization]', '{ profile: fapi2 }'), [/does not name DPoP/])
  t.strictSame(await warnings('[Authorization, DPoP]', '{ profile: fapi2 }'), [])
})
