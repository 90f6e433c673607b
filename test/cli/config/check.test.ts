import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { edit, gatewayYaml, tableYaml } from '../../config/files.ts'
import { typed } from './typed.ts'

t.test('check sums up a valid file', async (t) => {
  const { stdout, stderr, exitCode } = await typed(['check', 'config/demo.yaml'])
  t.match(
    stdout,
    /^config\/demo\.yaml is valid: 2 APIs \(flintn, flint\), \d+ routes, sha256 [0-9a-f]{64}\n$/,
  )
  t.equal(stderr, '')
  t.equal(exitCode, 0)
})

t.test('check prints every fault on stderr and is 1', async (t) => {
  const { stdout, stderr, exitCode } = await typed(['check', 'config/gateway.yaml'])
  t.match(stderr, /^config\/gateway\.yaml:\d+:\d+ {2}the environment variable DATABASE_URL is not set\n/)
  t.equal(stderr.trim().split('\n').length, 7, 'and how many at the end')
  t.equal(stdout, '')
  t.equal(exitCode, 1)
})

t.test('check prints warnings and is still 0', async (t) => {
  const gateway = edit(gatewayYaml, 'upstream: payments-sandbox', 'upstream: payments')
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
  const { stdout, stderr, exitCode } = await typed(['check', join(folder, 'gateway.yaml')])
  t.match(stderr, /gateway\.yaml:11:79 {2}warning: live and sandbox of `flintn` use one upstream\n$/)
  t.match(stdout, /is valid: 1 API \(flintn\), 1 route, /)
  t.equal(exitCode, 0)
})

t.test('a POST that asks for less than the DELETE of its path is a warning', async (t) => {
  const route = '  GET /v1/transactions/{id}: transaction.read\n'
  const table = edit(
    tableYaml,
    route,
    `${route}  DELETE /v1/transactions/{id}: transaction.read\n  POST /v1/transactions/{id}: public\n`,
  )
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': table })
  const { stdout, stderr, exitCode } = await typed(['check', join(folder, 'gateway.yaml')])
  t.match(
    stderr,
    /table\.yaml:6:3 {2}warning: `POST \/v1\/transactions\/\{id\}` asks for less than `DELETE .+`_method`/,
  )
  t.match(stdout, /is valid/)
  t.equal(exitCode, 0)
})

t.test('check of a file that cannot be read is 2', async (t) => {
  const { stderr, exitCode } = await typed(['check', 'none.yaml'])
  t.match(stderr, /^none\.yaml:1:1 {2}the file does not exist\n/)
  t.equal(exitCode, 2)
})

t.test('check --json holds faults and warnings as data', async (t) => {
  const bad = await typed(['check', 'config/gateway.yaml', '--json'], { env: { REDIS_URL: 'none' } })
  t.match(JSON.parse(bad.stdout), {
    ok: false,
    faults: [
      { file: 'config/gateway.yaml', line: Number, column: Number, message: /DATABASE_URL is not set/ },
    ],
    warnings: [],
  })
  t.equal(bad.exitCode, 1)
  const good = await typed(['check', 'config/demo.yaml', '--json'])
  t.match(JSON.parse(good.stdout), { ok: true, faults: [], apis: [{ name: 'flintn' }, { name: 'flint' }] })
})

t.test('schema prints the committed schemas', async (t) => {
  const { stdout } = await typed(['schema'])
  t.equal(stdout, readFileSync('config/gateway.schema.json', 'utf8'))
  const table = await typed(['schema', '--permissions'])
  t.equal(table.stdout, readFileSync('config/permissions.schema.json', 'utf8'))
})

t.test('every verb has help with an example', async (t) => {
  for (const verb of [[], ['check'], ['schema'], ['explain']]) {
    const { stdout, exitCode } = await typed([...verb, '--help'])
    t.match(stdout, /Examples?:\n {2}\$ latchkey config /, verb.join())
    t.equal(exitCode, 0)
  }
})

t.test('check --format github prints annotations that GitHub puts beside the lines', async (t) => {
  const table = edit(tableYaml, ': transaction.read', ': transaction.reed')
  const folder = t.testdir({ 'gateway.yaml': gatewayYaml, 'table.yaml': table })
  const { stderr, exitCode } = await typed(['check', join(folder, 'gateway.yaml'), '--format', 'github'])
  const [error, warning] = stderr.split('\n')
  t.equal(
    error,
    `::error file=${join(folder, 'table.yaml')},line=4,col=30::unknown permission \`transaction.reed\` (did you mean transaction.read?)`,
  )
  t.match(warning, /^::warning file=.*,line=2,col=3::no route asks for `transaction\.read`$/)
  t.equal(exitCode, 1)
})

t.test('check looks at the files of certificates, unless told that they are elsewhere', async (t) => {
  const gateway = `gateway: { tls: { cert: none.pem, key: none.key } }\n${gatewayYaml}`
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': tableYaml })
  const file = join(folder, 'gateway.yaml')
  const looked = await typed(['check', file])
  t.match(looked.stderr, /gateway\.yaml:1:25 {2}.*none\.pem: does not exist\n/)
  t.equal(looked.exitCode, 1)
  const left = await typed(['check', file, '--no-files'])
  t.match(left, { stdout: /is valid/, stderr: '', exitCode: 0 })
})

t.test(
  'every verb that loads a gateway file takes variables from a file; they win over those that are set',
  async (t) => {
    const gateway = edit(gatewayYaml, 'postgres://db/latchkey', '${DATABASE_URL}')
    const folder = t.testdir({
      'gateway.yaml': gateway,
      'table.yaml': tableYaml,
      'cases.yaml': '- { request: GET /nothing, expect: deny }\n',
      'access.log': '',
      'ci.env': 'DATABASE_URL=postgres://nobody@localhost/none\n',
    })
    const at = (name: string) => join(folder, name)
    const file = at('gateway.yaml')
    for (const words of [
      ['check', file],
      ['test', file, at('cases.yaml')],
      ['explain', file, 'GET', '/nothing'],
      ['diff', file, file],
      ['replay', file, at('access.log')],
    ]) {
      const [verb = ''] = words
      t.match(await typed(words), { stderr: /DATABASE_URL is not set/ }, verb)
      for (const env of [{}, { DATABASE_URL: 'nonsense' }]) {
        const told = await typed([...words, '--env-from', at('ci.env')], { env })
        t.equal(told.exitCode, 0, `${verb}: ${told.stderr}`)
      }
      const none = await typed([...words, '--env-from', at('none.env')])
      t.match(none, { stderr: /none\.env does not exist/, exitCode: 2 }, verb)
    }
  },
)

t.test('no verb of `config` has a gateway file and not --env-from', async (t) => {
  const { stdout } = await typed(['--help'])
  const verbs = [...stdout.matchAll(/^  ([a-z-]+) \[options\] /gm)].map(([, verb = '']) => verb)
  t.ok(verbs.length >= 6)
  for (const verb of verbs) {
    const help = (await typed([verb, '--help'])).stdout
    if (/^Arguments:\n(?:.+\n)*?.+ gateway file/m.test(help)) t.match(help, '--env-from <file>', verb)
  }
})
