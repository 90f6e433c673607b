import { join } from 'node:path'
import t from 'tap'
import { readCases } from '../../../src/tables/cases/read-cases.ts'
import { formatFault } from '../../../src/config/fault.ts'
import { loadConfig } from '../../../src/config/load.ts'

interface TestFolder {
  testdir(files: Record<string, string>): string
}

async function read(t: TestFolder, text: string) {
  const loaded = await loadConfig('config/demo.yaml', {})
  if (!loaded.ok) throw new Error('the demo file must load')
  const folder = t.testdir({ 'cases.yaml': text })
  const result = await readCases(join(folder, 'cases.yaml'), loaded.config)
  if (result.ok) return { cases: result.cases, faults: [] }
  return { cases: [], faults: result.faults.map(formatFault).map((line) => line.replace(`${folder}/`, '')) }
}

t.test('who: nobody, everything, a list, all but some, an environment, another API', async (t) => {
  const who = ['', 'who: none,', 'who: all,', 'who: [],', 'who: [transaction.read],']
  const detailed = [
    '{ all_but: [transaction.read] }',
    '{ permissions: ["*"], environment: sandbox, api: flint }',
  ]
  const entries = [...who, ...detailed.map((text) => `who: ${text},`)]
  const text = entries.map((entry) => `- { request: GET /v1/status, ${entry} expect: allow }\n`).join('')
  const { cases, faults } = await read(t, text)
  t.strictSame(faults, [])
  const [none, said, all, nothing, one, but, other] = cases.map((entry) => entry.caller)
  t.equal(none, undefined)
  t.equal(said, undefined)
  t.match(all, { permissions: ['*'], api: undefined, environment: undefined })
  t.strictSame(nothing?.permissions, [])
  t.strictSame(one?.permissions, ['transaction.read'])
  t.equal(but?.permissions.length, 10)
  t.match(other, { permissions: ['*'], api: 'flint', environment: 'sandbox' })
})

t.test('a host of the file, of the case, of the URL; else the first API’s', async (t) => {
  const { cases } = await read(
    t,
    `host: api.flint.com
cases:
  - { request: GET /documents, expect: deny }
  - { request: GET /documents, host: sandbox.api.flintn.com, expect: deny }
  - { request: GET http://api.flintn.com/v1/status, expect: deny }
`,
  )
  t.strictSame(
    cases.map((one) => one.host),
    ['api.flint.com', 'sandbox.api.flintn.com', 'api.flintn.com'],
  )
  const { cases: bare } = await read(t, '- { request: GET /v1/status, expect: deny }\n')
  t.equal(bare[0]?.host, 'api.flintn.com')
})

t.test('a name that the table does not have is a fault: a case must not pass by mistake', async (t) => {
  const { faults } = await read(
    t,
    `- { request: GET /v1/status, who: [transaction.reed], expect: deny }
- { request: GET /v1/status, who: { all_but: [transactions.read] }, expect: deny }
- { request: GET /v1/status, who: { permissions: [], api: flintm }, expect: deny }
- { request: GET /v1/status, who: { permissions: [], all_but: [] }, expect: deny }
- { request: GET /v1/status, expect: { route: GET /v1/statsu } }
- { request: GET /v1/status, expect: { upstream: payment } }
- { request: GET /v1/status, expect: { code: FORBIDEN } }
- { request: GET /v1/status, expect: { code: FORBIDDEN, decision: allow } }
- { request: ftp://x/y, expect: deny }
- { request: GET ftp://x/y, expect: deny }
- { request: GET /v1/status, who: { permissions: [], environment: sandbx }, expect: deny }
- { request: GET /v1/status, expect: { environment: production } }
`,
  )
  t.strictSame(faults, [
    'cases.yaml:1:36  unknown permission `transaction.reed`  (did you mean transaction.read?)',
    'cases.yaml:2:47  unknown permission `transactions.read`  (did you mean transaction.read?)',
    'cases.yaml:3:59  there is no API `flintm`  (did you mean flintn?)',
    'cases.yaml:4:30  `who` needs one of `permissions` and `all_but`',
    'cases.yaml:5:47  there is no route `GET /v1/statsu`  (did you mean GET /v1/status?)',
    'cases.yaml:6:50  there is no upstream `payment`  (did you mean payments?)',
    'cases.yaml:7:46  `FORBIDEN` is neither allow nor deny nor the code of an error  (did you mean FORBIDDEN?)',
    'cases.yaml:8:40  a request that is allowed has no code',
    'cases.yaml:9:14  `ftp://x/y` is no request: write `METHOD /path` or `METHOD https://host/path`',
    'cases.yaml:10:14  the URL is neither http:// nor https://',
    'cases.yaml:11:67  there is no environment `sandbx`  (did you mean sandbox?)',
    'cases.yaml:12:53  there is no environment `production`',
  ])
})

t.test('the schema’s faults: unknown keys, missing ones, wrong kinds', async (t) => {
  for (const [text, fault] of [
    ['[]\n', /must be a list of at least one case/],
    ['- { reqest: GET /, expect: deny }\n', /unknown key `reqest` {2}\(did you mean request\?\)/],
    ['- { request: GET / }\n', /missing key `expect`/],
    ['- { request: GET /, expect: deny, who: 7 }\n', /`who` must be `none`, `all`, a list/],
    ['cases: { a: 1 }\n', /`cases` must be a list/],
    ['7\n', /must be/],
    ['- [\n', /not valid YAML/],
  ] as const)
    t.match((await read(t, text)).faults.join('\n'), fault, text)
})
