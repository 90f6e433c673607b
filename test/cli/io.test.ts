// What is printed, whatever stands in files, arguments, the environment and answers: nothing steers the terminal, no
// text of others begins a line, and no line is a command to a CI.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { createIo } from '../../src/cli/io.ts'
import { gatewayYaml, tableYaml } from '../config/files.ts'
import { typed } from './config/typed.ts'
import { typist } from './console.ts'

/** Harmless here, each of its parts a trick somewhere; what follows the end of a line must not begin one. */
const ends = ['\n', '\r', '\u0085', '\u2028']
const hostile = `x${ends.map((end) => `${end}::error ::INJECTED`).join('')}\u001b[2J\u009b2J\u007f\u202e\u200b\u2066\ufeff##[error]y##vso[z]`
/** As a YAML scalar. */
const yaml = JSON.stringify(hostile)

type Test = Pick<typeof t, 'notMatch' | 'match' | 'equal' | 'ok'>

/** Looks at what a person or a CI gets to see. */
function isQuiet(t: Test, what: string, { stdout, stderr }: { stdout: string; stderr: string }): void {
  // Of these two nothing is repeated.
  if (!/^(?:a variable|bytes)/.test(what)) t.match(stdout + stderr, 'INJECTED', `${what} shows the text`)
  for (const text of [stdout, stderr]) {
    t.notMatch(text, /[^\n\P{C}]|[\u2028\u2029]/u, `${what} prints no control character`)
    t.notMatch(text, /^\s*(?:::|INJECTED)/m, `${what} begins no line with it`)
    t.notMatch(text, /##(?:\[|vso)/, `${what} holds no command`)
  }
}

async function folderOf(t: { testdir(): string }, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = t.testdir()
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

t.test('all that is printed goes through the guard', async (t) => {
  const printed = { stdout: '', stderr: '' }
  const streams = {
    stdout: (text: string) => void (printed.stdout += text),
    stderr: (text: string) => void (printed.stderr += text),
    env: {},
  }
  const io = createIo({ ...streams, isTerminal: true })
  io.stdout(`\u001b[31mred\u001b[39m \u001b[2J\u001b[8mhidden ${JSON.stringify('\u202e\u009b##[error]')}\n`)
  t.equal(
    printed.stdout,
    '\u001b[31mred\u001b[39m \\u001b[2J\\u001b[8mhidden "\\u202e\\u009b#\\u0023[error]"\n',
  )
  io.stderr('::a ::b\n  ::c\n\u001b[31m')
  t.equal(printed.stderr, '\\u003a:a ::b\n  \\u003a:c\n\\u001b[31m')
  printed.stderr = ''
  io.annotate('::error ::a##[b]\u001b\n')
  t.equal(printed.stderr, '::error ::a#\\u0023[b]\\u001b\n')
  const piped = createIo({ ...streams, isTerminal: false })
  printed.stdout = ''
  piped.stdout('\u001b[31m\n')
  t.equal(printed.stdout, '\\u001b[31m\n', 'in a pipe no escape is ours')
})

const gateways: Record<string, string> = {
  'a key': `${gatewayYaml}${yaml}: 1\n`,
  'a value': gatewayYaml.replace('upstream: payments }', `upstream: ${yaml} }`),
  'a host': gatewayYaml.replace('hosts: [api.flintn.com]', `hosts: [${yaml}]`),
  'a variable': gatewayYaml.replace('redis: none', `redis: ${JSON.stringify('${')}${yaml.slice(1)}`),
  'bytes that are no YAML': `${gatewayYaml}  "${hostile}\n: [`,
  'a tag': `${gatewayYaml}  x: !<INJECTED\u202e> 1\n`,
}
const tables: Record<string, string> = {
  'a permission': `permissions: { ${yaml}: Text }\nroutes: { GET /v1/a: public }\n`,
  'a route': `permissions: { a: A }\nroutes: { ${yaml}: a }\n`,
  'a template': `permissions: { a: A }\nroutes: { ${JSON.stringify(`GET /v1/${hostile}`)}: a }\n`,
  'a requirement': `permissions: { a: A }\nroutes: { GET /v1/a: ${yaml} }\n`,
  'an option': `permissions: { a: A }\nroutes: { GET /v1/a: { permission: a, ${yaml}: 1 } }\n`,
}

t.test('check: a file that holds anything', async (t) => {
  const files = [
    ...Object.entries(gateways).map(([name, gateway]) => ({ name, gateway, table: tableYaml })),
    ...Object.entries(tables).map(([name, table]) => ({ name, gateway: gatewayYaml, table })),
  ]
  for (const { name, gateway, table } of files) {
    const file = join(await folderOf(t, { 'gateway.yaml': gateway, 'table.yaml': table }), 'gateway.yaml')
    isQuiet(t, name, await typed(['check', file]))
    const { stdout, stderr } = await typed(['check', file, '--json'])
    isQuiet(t, `${name} as JSON`, { stdout, stderr })
    t.ok(JSON.parse(stdout))
    const github = await typed(['check', file, '--format', 'github'])
    const lines = github.stderr.trimEnd().split('\n')
    for (const line of lines.slice(0, -1)) {
      t.match(line, /^::(?:error|warning) file=[^,:]+,line=\d+,col=\d+::/, `${name} as annotation`)
    }
    isQuiet(t, `${name} in the annotations`, {
      stdout: github.stdout,
      stderr: github.stderr.replace(/^::(?:error|warning) file=.*?,line=\d+,col=\d+::/gm, ''),
    })
    isQuiet(t, `${name} in explain`, await typed(['explain', file, 'GET', '/v1/a']))
    isQuiet(t, `${name} in diff`, await typed(['diff', file, file]))
  }
})

t.test('check: a file whose name is anything', async (t) => {
  const file = '::error ::INJECTED\n##[error]\u001b[2J.yaml'
  isQuiet(t, 'a missing one', await typed(['check', file]))
  const github = await typed(['check', file, '--format', 'github'])
  t.match(github.stderr, /^::error file=%3A%3Aerror %3A%3AINJECTED%0A/)
  t.notMatch(github.stderr, '\u001b')
  const folder = t.testdir()
  await mkdir(join(folder, file))
  const inside = join(folder, file, 'gateway.yaml')
  await writeFile(inside, gatewayYaml)
  await writeFile(join(folder, file, 'table.yaml'), tableYaml)
  isQuiet(t, 'a valid one', await typed(['check', inside]))
  isQuiet(t, 'its source', await typed(['explain', inside, 'GET', '/v1/transactions/t_1']))
  isQuiet(t, 'its source as JSON', await typed(['explain', inside, 'GET', '/v1/transactions/t_1', '--json']))
})

t.test('explain, test, diff, replay: arguments, cases, texts and logs that hold anything', async (t) => {
  const folder = await folderOf(t, {
    'gateway.yaml': gatewayYaml,
    'table.yaml': tableYaml,
    'cases.yaml': `- { name: ${yaml}, request: GET /v1/transactions/t_1, expect: allow }\n`,
    'faulty.yaml': `- { request: ${yaml}, expect: allow }\n`,
    'access.log': `${JSON.stringify({
      msg: 'request',
      api: 'flintn',
      environment: 'live',
      required: [hostile],
      route: 'GET /v1/\u001b[2J\u009b2J\u202e\u200bINJECTED##[error]',
      decision: 'allow',
      merchant: hostile,
      key_id: 'key_1',
    })}\n`,
  })
  const gateway = join(folder, 'gateway.yaml')
  isQuiet(t, 'a URL', await typed(['explain', gateway, 'GET', `/v1/${hostile}`]))
  isQuiet(t, 'a method', await typed(['explain', gateway, hostile, '/v1/a']))
  isQuiet(t, 'a host', await typed(['explain', gateway, 'GET', '/v1/a', '--host', hostile]))
  const held = ['explain', gateway, 'GET', '/v1/transactions/t_1', '--permissions', hostile]
  isQuiet(t, 'a permission', await typed(held))
  isQuiet(t, 'a permission as JSON', await typed([...held, '--json']))
  isQuiet(t, 'an environment', await typed([...held, '--environment', hostile]))
  isQuiet(t, 'a case', await typed(['test', gateway, join(folder, 'cases.yaml')]))
  isQuiet(t, 'a faulty case', await typed(['test', gateway, join(folder, 'faulty.yaml')]))
  isQuiet(t, 'a file of cases', await typed(['test', gateway, hostile]))
  for (const more of [[], ['--json']]) {
    isQuiet(t, 'a log', await typed(['replay', gateway, join(folder, 'access.log'), ...more]))
  }
  isQuiet(t, 'the name of a log', await typed(['replay', gateway, hostile]))
  isQuiet(t, 'an option', await typed(['check', gateway, `--${hostile}`]))
  isQuiet(t, 'a verb', await typed([hostile]))
})

t.test('import-openapi: a document that holds anything', async (t) => {
  const document = {
    openapi: '3.1.0',
    info: { title: hostile, version: hostile },
    components: {
      securitySchemes: {
        o: { type: 'oauth2', flows: { implicit: { scopes: { 'a:b': hostile, [hostile]: 'B' } } } },
      },
    },
    paths: {
      '/a': {
        get: { operationId: hostile, tags: [hostile], security: [{ o: ['a:b', hostile] }] },
        put: { operationId: hostile },
      },
      [`/b${hostile}`]: { get: {} },
      '/c': { $ref: `#/${hostile}` },
    },
  }
  const folder = await folderOf(t, { 'api.json': JSON.stringify(document), 'gateway.yaml': gatewayYaml })
  const file = join(folder, 'api.json')
  const printed = await typed(['import-openapi', file])
  isQuiet(t, 'a new table', printed)
  await writeFile(join(folder, 'table.yaml'), printed.stdout)
  const checked = await typed(['check', join(folder, 'gateway.yaml'), '--openapi', file])
  isQuiet(t, 'what differs', checked)
  t.equal(
    (await typed(['check', join(folder, 'gateway.yaml')])).exitCode,
    0,
    'what was printed is a valid table',
  )
  isQuiet(t, 'a summary', await typed(['import-openapi', file, '--into', join(folder, 'table.yaml')]))
  isQuiet(t, 'as JSON', await typed(['import-openapi', file, '--json']))
  isQuiet(t, 'a rule', await typed(['import-openapi', file, '--rule', `{${hostile}}`]))
  isQuiet(t, 'a name', await typed(['import-openapi', hostile]))
})

t.test('the admin API: an answer that holds anything', async (t) => {
  const env = { LATCHKEY_ADMIN_TOKEN: 'not-a-token-that-anybody-knows-01' }
  const key = {
    ...{
      id: hostile,
      merchant_id: hostile,
      api: hostile,
      environment: hostile,
      name: hostile,
      status: hostile,
    },
    ...{ prefix: hostile, last4: hostile, permissions: [hostile], created_at: hostile, expires_at: hostile },
    ...{ last_used_at: hostile, revision: 1, secret: hostile, pending: [] },
    secrets: [
      { id: hostile, last4: hostile, created_at: hostile, expires_at: hostile, last_used_at: hostile },
    ],
  }
  const merchant = { id: hostile, name: hostile, status: hostile, created_at: hostile, revision: 1 }
  const pending = [{ instance: hostile, last_seen_at: hostile, dead_by: hostile }]
  const instance = {
    ...{ id: hostile, role: hostile, host: hostile, pid: 1, version: hostile, started_at: hostile },
    ...{ applied_revision: 1, last_seen_at: hostile },
  }
  const denied = { kind: hostile, value: hostile, source: hostile, at: hostile, actor: hostile }
  const list = (one: object) => ({ data: [one], next_cursor: null })
  const details = [
    { path: `/${hostile}`, message: hostile, line: 1 },
    { path: '/name', message: hostile },
  ]
  const error = { error: { code: hostile, message: hostile, request_id: hostile, details } }
  const create = [
    'keys',
    'create',
    '--merchant',
    'm',
    '--api',
    'a',
    '--env',
    'live',
    '--name',
    'n',
    '--permission',
    'p',
  ]
  const calls: readonly (readonly [readonly string[], object, number?])[] = [
    [['keys', 'list'], list(key)],
    [['keys', 'show', 'key_1'], key],
    [create, key],
    [['keys', 'rotate', 'key_1'], key],
    [['keys', 'revoke', 'key_1'], { ...key, pending }],
    [['merchants', 'list'], list(merchant)],
    [['merchants', 'create', '--name', 'n'], { ...merchant, pending }],
    [['instances'], list(instance)],
    [['deny', 'list'], list(denied)],
    [
      ['deny', 'add', 'key', 'key_1'],
      { ...denied, denied: true, in_file: false, instance: hostile, spread: true, pending },
    ],
    ...[create, ['keys', 'list'], ['merchants', 'suspend', 'm']].map((words) => [words, error, 422] as const),
  ]
  for (const [words, answer, status = 200] of calls) {
    const fetch = () => Promise.resolve(new Response(JSON.stringify(answer), { status }))
    for (const more of status === 200 ? [[], ['--json']] : [[]]) {
      isQuiet(t, [...words, ...more].join(' '), await typist(env, { fetch })(...words, ...more))
    }
  }
  const broken = () =>
    Promise.reject(Object.assign(new Error('x'), { cause: Object.assign(new Error('x'), { code: hostile }) }))
  isQuiet(t, 'a connection that breaks', await typist(env, { fetch: broken })('instances'))
  isQuiet(t, 'a name of a file', await typist(env)('keys', 'import', hostile))
  isQuiet(t, 'a duration', await typist(env)('keys', 'rotate', 'key_1', '--grace', hostile))
})
