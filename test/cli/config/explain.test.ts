import { join } from 'node:path'
import t from 'tap'
import { edit, gatewayYaml, tableYaml } from '../../config/files.ts'
import { createConsole } from '../console.ts'
import { token } from '../../control/subject.ts'
import { typed } from './typed.ts'

const demo = 'config/demo.yaml'

async function explain(...words: string[]) {
  const { stdout, stderr, exitCode } = await typed(['explain', demo, ...words, '--json'])
  if (stdout === '') throw new Error(stderr)
  return { exitCode, stderr, ...JSON.parse(stdout) }
}

t.test(
  'an allowed request: which line of which table lets it pass, to where, with which headers',
  async (t) => {
    const found = await explain('GET', '/v1/transactions/tr_1?full=1', '--permissions', 'transaction.read')
    t.match(found, {
      exitCode: 0,
      decision: 'allow',
      code: null,
      path: '/v1/transactions/tr_1',
      api: 'flintn',
      environment: 'live',
      upstream: 'payments',
      route: { template: '/v1/transactions/{id}', source: /^config\/permissions\/flintn\.yaml:\d+:3$/ },
      required: ['transaction.read'],
      match: 'all',
      held: ['transaction.read'],
    })
    t.ok(found.headers.added.includes('X-Merchant-Id'))
    for (const name of [
      'X-Api-Key',
      'Authorization',
      'X-Latchkey-*',
      'X-Merchant-Id',
      'X-Forwarded-*',
      'Script-Name',
      '*-Client-Ip',
    ])
      t.ok(found.headers.removed.includes(name), name)
  },
)

t.test('a path alone is of the first API: of `live`, or of the first environment of the file', async (t) => {
  const gateway = edit(gatewayYaml, ' live:', ' production:')
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
  const words = ['explain', join(folder, 'gateway.yaml'), 'GET', '/v1/transactions/1']
  const asked = async (...more: string[]) => typed([...words, '--permissions', '*', '--json', ...more])
  t.match(JSON.parse((await asked()).stdout), {
    decision: 'allow',
    host: 'api.flintn.com',
    environment: 'production',
  })
  t.match(JSON.parse((await asked('--environment', 'sandbox')).stdout), { code: 'WRONG_ENVIRONMENT' })
  t.match(await asked('--environment', 'productoin'), {
    exitCode: 2,
    stderr: /`flintn` has no environment `productoin`: did you mean production\?/,
  })
  t.match(await asked('--environment', 'live'), { exitCode: 2, stderr: /did you mean production, sandbox\?/ })
})

t.test('a path with a slash at its end, where that means nothing', async (t) => {
  const gateway = edit(
    gatewayYaml,
    '    permissions: table',
    '    trailing_slash: same\n    permissions: table',
  )
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
  const words = [
    'explain',
    join(folder, 'gateway.yaml'),
    'GET',
    '/v1/transactions/1/',
    '--permissions',
    '*',
    '--json',
  ]
  t.match(JSON.parse((await typed(words)).stdout), {
    decision: 'allow',
    path: '/v1/transactions/1/',
    route: { template: '/v1/transactions/{id}' },
  })
})

t.test('a denied request is explained too, and the exit code is 0', async (t) => {
  t.match(
    await explain(
      'POST',
      '/v1/transactions/tr_1/refund',
      '--permissions',
      'transaction.read,transaction.void',
    ),
    {
      exitCode: 0,
      decision: 'deny',
      code: 'INSUFFICIENT_PERMISSIONS',
      required: ['transaction.refund'],
      held: ['transaction.read', 'transaction.void'],
      headers: { added: [], removed: [] },
    },
  )
})

t.test('every kind of refusal has the code that the gateway answers with', async (t) => {
  const refusals: [code: string, ...words: string[]][] = [
    ['MISSING_API_KEY', 'GET', '/v1/transactions/tr_1'],
    ['ROUTE_NOT_FOUND', 'GET', '/v1/nothing', '--permissions', '*'],
    ['METHOD_NOT_ALLOWED', 'PATCH', '/v1/transactions/tr_1', '--permissions', '*'],
    ['UNKNOWN_HOST', 'GET', 'https://nobody.example/v1/status'],
    ['UNKNOWN_HOST', 'GET', '/v1/status', '--host', 'nobody.example'],
    ['BAD_REQUEST', 'GET', '/v1/status', '--host', 'a b'],
    ['INVALID_API_KEY', 'GET', '/v1/status?key=pk%5flive_x'],
    ['URI_TOO_LONG', 'GET', `/${'a'.repeat(16_384)}`],
    ['WRONG_ENVIRONMENT', 'GET', '/v1/transactions', '--permissions', '*', '--environment', 'sandbox'],
  ]
  for (const [code, ...words] of refusals)
    t.match(await explain(...words), { exitCode: 0, code }, words.join(' '))
})

t.test('the raw bytes of the URL are judged, whatever a URL parser would make of them', async (t) => {
  const base = 'https://api.flintn.com'
  for (const path of [
    '/v1/./status',
    '/v1/%2e%2e/status',
    '/v1\\status',
    '//v1/status',
    '/v1/status#top',
    '/v1/ü',
    '/a;b',
  ])
    t.match(await explain('GET', base + path), { code: 'INVALID_PATH', api: null }, path)
  t.match(await explain('GET', '*'), { code: 'INVALID_PATH', path: null, reason: 'not_origin_form' })
  t.match(await explain('GET', '/v1/exports/SUMMARY', '--permissions', '*'), { reason: 'hidden_literal' })
  t.match(await explain('GET', `${base}/v1/files/a%23b`), {
    reason: 'escaped_hash',
    hint: 'the path holds an escaped hash (%23) at byte 12',
  })
  const { stdout } = await typed(['explain', demo, 'GET', '/v1/a%2fb'])
  t.match(
    stdout,
    /malformed or ambiguous \(escaped_slash\): the path holds an escaped slash \(%2f\) at byte 6/,
  )
  t.match(await explain('GET', base), { code: 'ROUTE_NOT_FOUND', path: '/', hint: 'there is no GET /' })
  t.match(await explain('GET', `${base}?a=1`), { code: 'ROUTE_NOT_FOUND', path: '/' })
})

t.test('a preflight that the gateway answers goes to no upstream', async (t) => {
  const permissions = '    permissions: table.yaml'
  const ask = async (cors: string) => {
    const gateway = edit(gatewayYaml, permissions, `${permissions}\n    cors: ${cors}`)
    const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
    const words = ['OPTIONS', '/v1/transactions/1', '--preflight-for', 'GET']
    const asked = ['explain', join(folder, 'gateway.yaml'), ...words]
    const { stdout } = await typed([...asked, '--json'])
    return { ...JSON.parse(stdout), text: (await typed(asked)).stdout }
  }
  t.match(await ask('{ origins: ["*"] }'), {
    ...{ decision: 'allow', upstream: null, headers: { added: [], removed: [] } },
    text: /nothing: a preflight carries no key, and is answered by the gateway/,
  })
  t.match(await ask('upstream'), { decision: 'allow', upstream: 'payments', text: /carries no key\n/ })
})

t.test('the upstream of the route, and the path as it is sent', async (t) => {
  const upstreams = '  reports: { url: "https://core.internal/of/reports/" }\napis:'
  const permissions = '    permissions: table.yaml'
  const gateway = edit(
    edit(gatewayYaml, 'apis:', upstreams),
    permissions,
    `${permissions}\n    strip_prefix: /acme\n    cors: upstream`,
  )
  const table = `permissions: { a: A }
routes:
  GET /acme/v1/reports/{id}: { permission: a, upstream: { live: reports, sandbox: payments-sandbox } }
  GET /acme/v1/{id}: a\n`
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': table })
  const ask = async (...words: string[]) => {
    const asked = ['explain', join(folder, 'gateway.yaml'), ...words]
    return { ...JSON.parse((await typed([...asked, '--json'])).stdout), text: (await typed(asked)).stdout }
  }
  const report = '/acme/v1/reports/r%7E1?a=1'
  t.match(await ask('GET', report, '--permissions', 'a'), {
    ...{ decision: 'allow', upstream: 'reports', path: '/acme/v1/reports/r%7E1' },
    sent_path: '/of/reports/v1/reports/r%7E1',
    text: /\nupstream +reports\nsent as +\/of\/reports\/v1\/reports\/r%7E1\n/,
  })
  t.match(await ask('GET', report), { decision: 'deny', upstream: 'reports', sent_path: null })
  t.match(await ask('GET', '/acme/v1/r', '--permissions', 'a'), { upstream: 'payments', sent_path: '/v1/r' })
  const sandbox = ['--host', 'sandbox.api.flintn.com', '--permissions', 'a', '--environment', 'sandbox']
  t.match(await ask('GET', report, ...sandbox), {
    upstream: 'payments-sandbox',
    sent_path: '/v1/reports/r%7E1',
  })
  t.match(await ask('OPTIONS', report, '--preflight-for', 'GET'), { decision: 'allow', upstream: 'reports' })
})

t.test('hosts choose API and environment; a port and the case of letters do not count', async (t) => {
  const words = ['--permissions', '*']
  t.match(await explain('GET', 'HTTP://Sandbox.API.flintn.com:8080/v1/transactions', ...words), {
    decision: 'allow',
    environment: 'sandbox',
    upstream: 'payments-sandbox',
  })
  t.match(
    await explain('GET', '/documents', '--host', 'api.flint.com', ...words, '--environment', 'sandbox'),
    {
      decision: 'allow',
      api: 'flint',
      environment: 'sandbox',
      upstream: 'documents-sandbox',
    },
  )
})

t.test('a public route asks for no key and gets no identity', async (t) => {
  const found = await explain('HEAD', '/v1/status')
  t.match(found, {
    decision: 'allow',
    required: [],
    match: 'none',
    held: null,
    route: { template: '/v1/status' },
  })
  t.notOk(found.headers.added.includes('X-Merchant-Id'))
})

t.test('a mistyped permission is told, with the one that was meant', async (t) => {
  const { stderr, code } = await explain('GET', '/v1/transactions/tr_1', '--permissions', 'transaction.reed')
  t.equal(code, 'INSUFFICIENT_PERMISSIONS')
  t.equal(
    stderr,
    'warning: `flintn` knows no permission `transaction.reed` (did you mean transaction.read?)\n',
  )
})

t.test('wrong usage and faulty files are 2', async (t) => {
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': `${tableYaml}  GET /a: nothing\n` })
  for (const [words, message] of [
    [[demo, 'get', '/'], /`get` is no HTTP method: did you mean GET\?/],
    [[demo, 'GET', 'ftp://a/b'], /neither http/],
    [[demo, 'GET', 'https://u:p@a/b'], /user or password/],
    [[demo, 'GET', 'https://a/b', '--host', 'c'], /leave the other one out/],
    [[demo, 'GET', '/', '--key', 'key_1', '--permissions', 'a'], /cannot be used with/],
    [[demo, 'GET', '/', '--environment', 'live'], /say --permissions too/],
    [['none.yaml', 'GET', '/'], /does not exist/],
    [[`${folder}/gateway.yaml`, 'GET', '/'], /unknown permission `nothing`/],
  ] as const) {
    const { exitCode, stderr, stdout } = await typed(['explain', ...words])
    t.equal(exitCode, 2, words.join(' '))
    t.match(stderr, message)
    t.equal(stdout, '')
  }
})

t.test('text is aligned, and coloured on a terminal alone', async (t) => {
  const words = ['explain', demo, 'GET', '/v1/exports/1', '--permissions', 'subscription.read']
  const plain = await typed(words)
  t.match(plain.stdout, /^decision {5}allow\nrequest {6}GET \/v1\/exports\/1\n/)
  t.match(
    plain.stdout,
    /\nrequired {5}any of\n {13}transaction\.read {2}not held\n {13}subscription\.read {2}held\n/,
  )
  t.notMatch(plain.stdout, '\x1b')
  t.match((await typed(words, { isTerminal: true })).stdout, '\x1b[32mallow')
  t.notMatch((await typed(words, { isTerminal: true, env: { NO_COLOR: '1' } })).stdout, '\x1b')
})

t.test('--key asks the control plane what the key holds, and whether it works', async (t) => {
  const { type, url } = await createConsole(t)
  const make = async (...words: string[]) => JSON.parse((await type(...words, '--json')).stdout).id
  const merchant = await make('merchants', 'create', '--name', 'Corner Shop')
  const of = ['--merchant', merchant, '--api', 'flintn', '--env', 'live', '--name', 'Till']
  const key = await make('keys', 'create', ...of, '--permission', 'transaction.read')
  const env = { LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: token }
  const ask = async (...words: string[]) => {
    const { stdout } = await typed(['explain', demo, ...words, '--key', key, '--json'], { env })
    return JSON.parse(stdout)
  }
  t.match(await ask('GET', '/v1/transactions/1'), { decision: 'allow', key, held: ['transaction.read'] })
  t.match(await ask('GET', '/v1/subscriptions'), { code: 'INSUFFICIENT_PERMISSIONS' })
  t.match(await ask('GET', 'https://sandbox.api.flintn.com/v1/transactions/1'), { code: 'WRONG_ENVIRONMENT' })
  t.match(await ask('GET', 'https://api.flint.com/documents'), {
    code: 'INVALID_API_KEY',
    reason: 'other_api',
  })
  await type('merchants', 'suspend', merchant)
  t.match(await ask('GET', '/v1/transactions/1'), { code: 'INVALID_API_KEY', reason: 'merchant_suspended' })
  await type('keys', 'revoke', key)
  t.match(await ask('GET', '/v1/transactions/1'), { code: 'INVALID_API_KEY', reason: 'revoked' })
  const unknown = await typed(['explain', demo, 'GET', '/v1/status', '--key', 'key_none'], { env })
  t.match(unknown.stderr, /cannot read key key_none: .*NOT_FOUND/)
  t.equal(unknown.exitCode, 1)
})

t.test('the limits that count a request are told, in the order in which they refuse', async (t) => {
  const gateway = `${gatewayYaml}    quotas: { monthly: { requests: 1000 } }
    rate_limits:
      default: { rate: 100/s, burst: 200, per: key }
      others: { route: GET /v1/other, rate: 1/d, per: key }
      visits: { rate: 20/min, per: client, shadow: true }
`
  const folder = t.testdir({
    'gateway.yaml': gateway,
    'table.yaml': `${tableYaml}  GET /v1/other: transaction.read\n`,
  })
  const words = ['explain', join(folder, 'gateway.yaml'), 'GET', '/v1/transactions/1', '--permissions', '*']
  const { stdout } = await typed([...words, '--json'])
  t.match(JSON.parse(stdout).limits, [
    { kind: 'quota', name: 'monthly', per: 'merchant', requests: 1000 },
    { kind: 'rate', name: 'default', per: 'key', rate: '100/s', burst: 200, shadow: false },
    { kind: 'rate', name: 'visits', per: 'client', rate: '20/min', burst: 20, shadow: true },
  ])
  t.match(
    (await typed(words)).stdout,
    /limits +monthly: 1000 a month, per merchant\n +default: 100\/s, burst 200, per key\n/,
  )
})
