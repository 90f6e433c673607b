import t from 'tap'
import { gatewayYaml, tableYaml } from '../../config/files.ts'
import { typed } from './typed.ts'

const demo = 'config/demo.yaml'
const shipped = ['config/permissions/flintn.cases.yaml', 'config/permissions/flint.cases.yaml']

t.test('the shipped tables hold what their cases say, and nothing of them is untouched', async (t) => {
  const { stdout, stderr, exitCode } = await typed(['test', demo, ...shipped, '--full-coverage'])
  t.match(stdout, /^\d+ passed, 0 failed\ncoverage: (\d+) of \1 routes, (\d+) of \2 checks\n$/)
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})

t.test('a failure names the case, what was expected, what came, and which route decided', async (t) => {
  const folder = t.testdir({
    'cases.yaml': `- request: POST /v1/transactions/1/refund
  who: [transaction.read]
  expect: allow
- { request: GET /v1/status, expect: allow }
`,
  })
  const { stdout, stderr, exitCode } = await typed(['test', demo, `${folder}/cases.yaml`])
  const [head, ...lines] = stdout.split('\n')
  t.equal(head, `✘  POST /v1/transactions/1/refund with a key for transaction.read  ${folder}/cases.yaml:1:3`)
  t.equal(lines[0], '    decision  expected allow, got deny')
  t.match(lines[1], /^ {4}because {3}INSUFFICIENT_PERMISSIONS/)
  t.match(
    lines[2],
    /^ {4}route {5}POST \/v1\/transactions\/\{id\}\/refund {2}config\/permissions\/flintn\.yaml:\d+:3$/,
  )
  t.match(stdout, /\n1 passed, 1 failed\ncoverage: 2 of 28 routes, /)
  t.match(stdout, /no case asks for the API flint\n/)
  t.match(
    stdout,
    /POST {3}\/v1|POST \/v1\/transactions\/\{id\}\/refund {3,}is allowed with transaction\.refund/,
  )
  t.equal(stderr, 'error: 1 case failed\n')
  t.equal(exitCode, 1)
})

t.test('--verbose shows what passed, --json all as data', async (t) => {
  const folder = t.testdir({ 'cases.yaml': '- { request: GET /v1/status, expect: allow }\n' })
  const words = ['test', demo, `${folder}/cases.yaml`]
  t.match((await typed([...words, '--verbose'])).stdout, /^✔ {2}GET \/v1\/status without a key/)
  t.match(JSON.parse((await typed([...words, '--json'])).stdout), {
    ok: true,
    passed: 1,
    failed: 0,
    cases: [{ ok: true, decision: 'allow', code: null, source: /cases\.yaml:1:3$/ }],
    coverage: {
      untouched: ['flint'],
      routes: { covered: 1, total: 28 },
      gaps: [{ route: String, missing: String }],
    },
  })
})

t.test('missing coverage fails where full coverage is asked for', async (t) => {
  const { stderr, exitCode } = await typed(['test', demo, ...shipped.slice(0, 1), '--full-coverage'])
  t.equal(stderr, 'error: the cases do not cover the table\n')
  t.equal(exitCode, 1)
})

t.test('faulty cases and files that cannot be read are 2, with every fault at its place', async (t) => {
  const folder = t.testdir({
    'cases.yaml': '- { request: GET /, expect: alow }\n- { request: get /, expect: deny }\n',
  })
  const { stdout, stderr, exitCode } = await typed(['test', demo, `${folder}/cases.yaml`])
  t.match(stderr, /cases\.yaml:1:29 {2}`alow` is neither allow nor deny nor .* \(did you mean allow\?\)/)
  t.match(stderr, /cases\.yaml:2:14 {2}`get \/` is no request: .* \(did you mean GET\?\)/)
  t.equal(stdout, '')
  t.equal(exitCode, 2)
  t.equal((await typed(['test', demo, 'none.yaml'])).exitCode, 2)
  t.equal((await typed(['test', 'none.yaml', ...shipped])).exitCode, 2)
})

t.test('cases with counts: what is expected is of the last of so many at once', async (t) => {
  const folder = t.testdir({
    'gateway.yaml': `${gatewayYaml}    quotas: { monthly: { requests: 9 } }
    rate_limits: { default: { rate: 1/h, burst: 3, per: key }, shy: { rate: 1/h, per: client, shadow: true } }
`,
    'table.yaml': tableYaml,
    'cases.yaml': `- { request: GET /v1/transactions/1, who: all, times: 3, expect: allow }
- { request: GET /v1/transactions/1, who: all, times: 4, expect: { code: RATE_LIMITED, limit: default } }
- { request: GET /v1/transactions/1, who: all, expect: allow }
- { request: GET /v1/transactions/1, who: all, times: 4, expect: allow }
`,
    'wrong.yaml': `- { request: GET /v1/transactions/1, who: all, times: 4, expect: { limit: defalt } }
- { request: GET /v1/transactions/1, who: all, expect: { limit: default } }
`,
  })
  const file = `${folder}/gateway.yaml`
  const { stdout, exitCode } = await typed(['test', file, `${folder}/cases.yaml`])
  t.equal(exitCode, 1)
  t.match(stdout, /3 passed, 1 failed/)
  t.match(stdout, /with a key for everything, 4 times/)
  const wrong = await typed(['test', file, `${folder}/wrong.yaml`])
  t.equal(wrong.exitCode, 2)
  t.match(wrong.stderr, /there is no rate limit or quota `defalt`.*default/)
  t.match(wrong.stderr, /where `times` says how often/)
})
