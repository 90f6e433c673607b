import { join } from 'node:path'
import t from 'tap'
import { edit, gatewayYaml } from '../../config/files.ts'
import { token } from '../../control/subject.ts'
import { createConsole } from '../console.ts'
import { typed } from './typed.ts'

const candidate = `permissions: { a: A, b: B, c: C }
routes:
  GET /one: a
  GET /two: { all_of: [a, b] }
  GET /three/{id}: b
  GET /four: { any_of: [b, c] }
  GET /open: a
  POST /five: public
`

interface Entry {
  readonly route: string
  readonly required?: readonly string[]
  readonly [member: string]: unknown
}

/** A line of the access log: allowed, of key_1 and mer_1, unless said otherwise. */
function line({ route, required, ...other }: Entry): string {
  const base = { msg: 'request', api: 'flintn', environment: 'live', key_id: 'key_1', merchant: 'mer_1' }
  return `${JSON.stringify({ ...base, route, decision: 'allow', ...(required && { required }), ...other })}\n`
}

function denied(entry: Entry): string {
  return line({ ...entry, decision: 'deny', code: 'INSUFFICIENT_PERMISSIONS' })
}

interface TestFolder {
  testdir(files: Record<string, string>): string
}

async function replay(t: TestFolder, lines: readonly string[], ...flags: string[]) {
  const files = { 'gateway.yaml': gatewayYaml, 'table.yaml': candidate, 'access.log': lines.join('') }
  const folder = t.testdir(files)
  const { stdout, stderr, exitCode } = await typed([
    'replay',
    join(folder, 'gateway.yaml'),
    join(folder, 'access.log'),
    ...flags,
  ])
  return { stdout, stderr, exitCode, folder }
}

async function refusals(t: TestFolder, ...lines: string[]): Promise<string[]> {
  const { stdout } = await replay(t, lines, '--json')
  const parsed: { refusals: { route: string; code: string; isCertain: boolean; requests: number }[] } =
    JSON.parse(stdout)
  return parsed.refusals.map(
    ({ route, code, isCertain, requests }) => `${requests} ${route} ${code}${isCertain ? '' : '?'}`,
  )
}

t.test('what was over before it was decided is passed over', async (t) => {
  const left = line({ route: 'GET /one', required: ['a'], decision: 'none', status: 0, key_id: undefined })
  const { stdout, stderr } = await replay(t, [left, line({ route: 'GET /one', required: ['a'] })])
  t.match(stdout, 'would refuse 0 merchants, 0 requests')
  t.match(stdout, 'of 1 request that was let through')
  t.equal(stderr, '1 line of the log recorded no request of a route\n')
})

t.test('the summary says how many merchants and requests, with a list by route', async (t) => {
  const { stdout, stderr, exitCode } = await replay(t, [
    ...Array.from({ length: 5 }, (_, n) =>
      line({ route: 'GET /gone', required: ['a'], merchant: `mer_${n % 2}` }),
    ),
    line({ route: 'GET /three/{id}', required: ['a'], key_id: 'key_2', merchant: 'mer_3' }),
    line({ route: 'GET /one', required: ['a'] }),
    'no JSON\n',
    '{"msg":"shadow","route":"GET /one","api":"flintn","decision":"allow"}\n',
  ])
  const [first, second, , header, ...rows] = stdout
    .split('\n')
    .map((text) => text.replace(/ {2,}/g, ' | ').trim())
  t.equal(first, 'would refuse 3 merchants, 6 requests')
  t.match(
    second,
    /^of 7 requests that were let through; 5 of them for certain, the rest unless their keys hold more/,
  )
  t.equal(header, 'ROUTE | REQUESTS | MERCHANTS | WOULD GET | REQUIRES | SOURCE')
  t.equal(rows[0], 'GET /gone | 5 | 2 | ROUTE_NOT_FOUND | -')
  t.match(rows[1], /^GET \/three\/\{id\} \| 1 \| 1 \| INSUFFICIENT_PERMISSIONS\? \| b \| .*table\.yaml:5:3$/)
  t.equal(stderr, '2 lines of the log recorded no request of a route\n')
  t.equal(exitCode, 0)
})

t.test('what the log shows of a key counts: let through with a, refused for want of b', async (t) => {
  const [a, b] = [['a'], ['b']]
  t.strictSame(await refusals(t, line({ route: 'GET /two', required: a })), [
    '1 GET /two INSUFFICIENT_PERMISSIONS?',
  ])
  t.strictSame(
    await refusals(
      t,
      line({ route: 'GET /two', required: a }),
      line({ route: 'GET /three/{id}', required: b }),
    ),
    [],
  )
  t.strictSame(
    await refusals(t, line({ route: 'GET /two', required: a }), denied({ route: 'GET /x', required: b })),
    ['1 GET /two INSUFFICIENT_PERMISSIONS'],
  )
  const other = { required: b, key_id: 'key_2' }
  t.strictSame(
    await refusals(t, line({ route: 'GET /two', required: a }), denied({ route: 'GET /x', ...other })),
    ['1 GET /two INSUFFICIENT_PERMISSIONS?'],
  )
  // Its permissions changed while the log was written.
  const changed = [line({ route: 'GET /three/{id}', required: b }), denied({ route: 'GET /x', required: b })]
  t.strictSame(await refusals(t, line({ route: 'GET /two', required: a }), ...changed), [
    '1 GET /two INSUFFICIENT_PERMISSIONS?',
  ])
})

t.test('what was required then may imply what is required now', async (t) => {
  t.strictSame(await refusals(t, line({ route: 'GET /one', required: ['a', 'c'] })), [])
  t.strictSame(await refusals(t, line({ route: 'GET /four', required: ['b', 'c'], match: 'any' })), [])
  t.strictSame(await refusals(t, line({ route: 'GET /four', required: ['a', 'b'], match: 'any' })), [
    '1 GET /four INSUFFICIENT_PERMISSIONS?',
  ])
})

t.test('requests without a key, methods and APIs that are gone are certain', async (t) => {
  t.strictSame(
    await refusals(t, line({ route: 'GET /open', required: [], key_id: undefined, merchant: undefined })),
    ['1 GET /open MISSING_API_KEY'],
  )
  t.strictSame(await refusals(t, line({ route: 'GET /five', required: ['a'] })), [
    '1 GET /five METHOD_NOT_ALLOWED',
  ])
  t.strictSame(await refusals(t, line({ route: 'POST /five', required: ['a'] })), [])
  t.strictSame(await refusals(t, line({ route: 'GET /one', required: ['a'], api: 'old' })), [
    '1 GET /one UNKNOWN_HOST',
  ])
})

t.test('a log that says what keys held needs no guess', async (t) => {
  const held = (...permissions: string[]) => line({ route: 'GET /two', required: ['a'], permissions })
  t.strictSame(await refusals(t, held('a', 'b')), [])
  t.strictSame(await refusals(t, held('*')), [])
  t.strictSame(await refusals(t, held('a')), ['1 GET /two INSUFFICIENT_PERMISSIONS'])
})

t.test('--keys asks the control plane what the keys hold', async (t) => {
  const { type, url } = await createConsole(t)
  const make = async (...words: string[]) => JSON.parse((await type(...words, '--json')).stdout).id
  const merchant = await make('merchants', 'create', '--name', 'Corner Shop')
  const of = ['--merchant', merchant, '--api', 'flintn', '--env', 'live', '--name', 'Till']
  const names = ['transaction.read', 'transaction.refund']
  const one = await make('keys', 'create', ...of, '--permission', 'transaction.read')
  const both = await make('keys', 'create', ...of, '--permission', ...names)
  const table = `permissions: { transaction.read: R, transaction.refund: S }\nroutes:\n  GET /two: { all_of: [${names.join(', ')}] }\n`
  const lines = [one, both, 'key_gone'].map((key) =>
    line({ route: 'GET /two', required: ['transaction.read'], key_id: key }),
  )
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': table, 'access.log': lines.join('') })
  const words = ['replay', join(folder, 'gateway.yaml'), join(folder, 'access.log'), '--keys', '--json']
  const env = { LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: token }
  const { stdout } = await typed(words, { env })
  t.match(JSON.parse(stdout), { allowed: 3, requests: 2, certain: { requests: 1 } })
  t.equal((await typed(words)).exitCode, 2, 'without a token')
})

t.test('nothing refused is said in one line; files that cannot be used are 2', async (t) => {
  const { stdout, folder } = await replay(t, [line({ route: 'GET /one', required: ['a'] })])
  t.equal(stdout, 'would refuse 0 merchants, 0 requests\nof 1 request that was let through\n')
  const gateway = join(folder, 'gateway.yaml')
  for (const words of [
    [gateway, 'none.log'],
    [gateway, folder],
    ['none.yaml', join(folder, 'access.log')],
  ])
    t.equal((await typed(['replay', ...words])).exitCode, 2, words.join(' '))
})

t.test(
  'what was recorded with a last slash is looked for without it, where that means nothing',
  async (t) => {
    const lines = [
      line({ route: 'GET /one/', permissions: ['a'] }),
      line({ route: 'GET /three/{id}/', permissions: [] }),
    ]
    t.match((await replay(t, lines, '--json')).stdout, /"GET \/one\/"/, 'strict')
    const folder = t.testdir({
      'gateway.yaml': edit(
        gatewayYaml,
        '    permissions: table',
        '    trailing_slash: same\n    permissions: table',
      ),
      'table.yaml': candidate,
      'access.log': lines.join(''),
    })
    const words = ['replay', join(folder, 'gateway.yaml'), join(folder, 'access.log'), '--json']
    t.match(JSON.parse((await typed(words)).stdout).refusals, [
      { route: 'GET /three/{id}/', code: 'INSUFFICIENT_PERMISSIONS' },
    ])
  },
)
