import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml } from './files.ts'

const withApi = (text: string) =>
  edit(gatewayYaml, '    permissions: table', `    ${text}\n    permissions: table`)

const table = `permissions: { p: P }
routes:
  GET /plain: p
  GET /own: { permission: p, timeout: 7s, max_body: 7, response: { max_body: 70, idle_timeout: 9s } }
  GET /none: { permission: p, timeout: none, max_body: none, response: { max_body: none } }
`

const limits = async (test: Parameters<typeof configOf>[0], gateway: string) => {
  const { table: compiled } = await configOf(test, { gateway, table })
  const routes = compiled.apis.get('flintn')?.routes ?? []
  return routes.map(({ timeoutMs, maxBodyBytes, maxResponseBytes, responseIdleMs }) => [
    timeoutMs,
    maxBodyBytes,
    maxResponseBytes,
    responseIdleMs,
  ])
}

t.test('a route’s own, else its API’s, else none', async (t) => {
  const own = [7_000, 7, 70, 9_000]
  const none = [null, null, null, null]
  t.strictSame(await limits(t, gatewayYaml), [none, own, none])
  for (const text of ['max_body: none', 'timeout: none', 'response: {}', 'response: { max_body: none }'])
    t.strictSame(await limits(t, withApi(text)), [none, own, none], text)
  // A route that says `none` is free of what its API says.
  const all = withApi('max_body: 1kb\n    timeout: 5s\n    response: { max_body: 2kb, idle_timeout: 3s }')
  t.strictSame(await limits(t, all), [[5_000, 1024, 2048, 3_000], own, [null, null, null, 3_000]])
  t.equal((await configOf(t, { gateway: all, table })).table.apis.get('flintn')?.timeoutMs, 5_000)
})

t.test('what is none of these is a fault', async (t) => {
  for (const [text, fault] of [
    ['max_body: much', /`max_body` must be a size such as 512kb, 1mb or 2gb, a number of bytes, or `none`/],
    ['timeout: 30', /`timeout` must be `none`, or a duration/],
    ['timeout: 90d', /`timeout` must be `none`, or a duration/],
    ['response: { idle: 3s }', /unknown key `idle`/],
    ['response: { idle_timeout: none }', /`idle_timeout` must be a duration/],
    ['trailing_slash: loose', /`trailing_slash` must be `strict` or `same`/],
  ] as const)
    t.match((await faultsOf(t, { gateway: withApi(text), table })).join('\n'), fault, text)
})
