import { join } from 'node:path'
import t from 'tap'
import { edit, gatewayYaml, tableYaml } from '../../config/files.ts'
import { typed } from './typed.ts'

const before = `permissions: { transaction.read: Read, transaction.refund: Refund }
routes:
  GET /v1/transactions/{id}: transaction.read
  GET /v1/transactions/secret: transaction.refund
  POST /v1/transactions/{id}/refund: transaction.refund
`

interface Files {
  readonly [name: string]: Record<string, string>
}

async function diff(t: { testdir(files: Files): string }, old: string, now: string, ...flags: string[]) {
  const files = (table: string) => ({ 'gateway.yaml': gatewayYaml, 'table.yaml': table })
  const folder = t.testdir({ old: files(old), new: files(now) })
  const paths = ['old', 'new'].map((name) => join(folder, name, 'gateway.yaml'))
  const { stdout, stderr, exitCode } = await typed(['diff', ...paths, ...flags])
  return {
    stdout: stdout.replaceAll(`${folder}/`, ''),
    stderr: stderr.replaceAll(`${folder}/`, ''),
    exitCode,
  }
}

t.test('who could not and now can comes first, and the exit code is 1', async (t) => {
  const after = edit(before, 'refund: transaction.refund', 'refund: transaction.read')
  const { stdout, stderr, exitCode } = await diff(t, before, after)
  t.strictSame(
    stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | ').trimEnd()),
    [
      'could not and now can',
      ' | ROUTE | WHO | BEFORE | NOW | SEEN AT | SOURCE',
      '+ | POST /v1/transactions/{id}/refund | flintn key with transaction.read | transaction.refund | transaction.read | /v1/transactions/x/refund | new/table.yaml:5:3',
      '',
      'could and now cannot',
      ' | ROUTE | WHO | BEFORE | NOW | SEEN AT | SOURCE',
      '- | POST /v1/transactions/{id}/refund | flintn key with transaction.refund | transaction.refund | transaction.read | /v1/transactions/x/refund | old/table.yaml:5:3',
      '',
      '1 decision opened, 1 closed',
      '',
    ],
  )
  t.equal(stderr, 'error: 1 decision opened\n')
  t.equal(exitCode, 1)
})

t.test('what only closes is 0, and so is nothing', async (t) => {
  const closed = await diff(t, before, edit(before, '  GET /v1/transactions/{id}: transaction.read\n', ''))
  t.match(closed.stdout, /0 decisions opened, 1 closed/)
  t.equal(closed.exitCode, 0)
  t.strictSame(await diff(t, before, before), { stdout: 'no decision changes\n', stderr: '', exitCode: 0 })
})

t.test('a removed narrower route opens the wider one behind it', async (t) => {
  const after = edit(before, '  GET /v1/transactions/secret: transaction.refund\n', '')
  const { stdout, exitCode } = await diff(t, before, after, '--json')
  t.match(JSON.parse(stdout), {
    opens: true,
    opened: [
      {
        method: 'GET',
        path: '/v1/transactions/secret',
        route: '/v1/transactions/{id}',
        source: 'new/table.yaml:3:3',
        hosts: ['api.flintn.com', 'sandbox.api.flintn.com'],
        who: { api: 'flintn', environments: ['live', 'sandbox'], permissions: ['transaction.read'] },
        before: { code: null, required: ['transaction.refund'] },
        after: { code: null, required: ['transaction.read'], match: 'all' },
      },
    ],
    closed: [{ who: { permissions: ['transaction.refund'] } }],
  })
  t.equal(exitCode, 1)
})

t.test('a file that is not valid is 2, whichever it is', async (t) => {
  const bad = edit(tableYaml, 'transaction.read\n', 'transaction.reed\n')
  for (const [old, now, name] of [
    [bad, tableYaml, 'old'],
    [tableYaml, bad, 'new'],
  ] as const) {
    const { stderr, exitCode } = await diff(t, old, now)
    t.match(stderr, `${name}/gateway.yaml is not valid\n  ${name}/table.yaml:4:30  unknown permission`)
    t.equal(exitCode, 2)
  }
  t.equal((await typed(['diff', 'none.yaml', 'config/demo.yaml'])).exitCode, 2)
  t.equal((await typed(['diff', 'config/demo.yaml'])).exitCode, 2)
})

t.test('limits that are loosened and tightened are told, and open nothing', async (t) => {
  const limits = (rate: string) => `${gatewayYaml}    rate_limits: { default: { rate: ${rate}, per: key } }\n`
  const files = (gateway: string) => ({ 'gateway.yaml': gateway, 'table.yaml': before })
  const folder = t.testdir({ old: files(limits('5/s')), new: files(limits('9/s')) })
  const paths = ['old', 'new'].map((name) => join(folder, name, 'gateway.yaml'))
  const { stdout, exitCode } = await typed(['diff', ...paths])
  t.equal(exitCode, 0)
  t.match(stdout, /^no decision changes\nlimits\n/)
  t.match(stdout, /loosened +flintn default +5\/s, burst 5, per key +9\/s, burst 9, per key +rate, burst/)
  const json = await typed(['diff', ...paths, '--json'])
  t.match(JSON.parse(json.stdout), {
    opens: false,
    limits: [{ kind: 'loosened', api: 'flintn', name: 'default', parts: ['rate', 'burst'] }],
  })
})
