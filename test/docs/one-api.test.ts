// The guide for one API, as somebody follows it who has nothing yet: its own commands, one after the other, by a shell.

import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { until } from '../main/process.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { guide } from '../support/guide.ts'
import { type RecordingUpstream, startUpstream } from '../support/upstream.ts'

t.setTimeout(120_000)

const run = promisify(execFile)
const program = resolve('build/src/main.js')
const files = ['openapi.yaml', 'permissions.yaml']
const [, section = ''] =
  /## One API, from nothing\n([^]*?)\n## /.exec(readFileSync('docs/guides.md', 'utf8')) ?? []
const [start = '', use = '', after = ''] = [...section.matchAll(/```sh\n([^]*?)```/g)].map(
  ([, block = '']) => block,
)

function shipped(): Record<string, string> {
  return Object.fromEntries(files.map((name) => [name, guide(`one-api/${name}`)]))
}

t.test('the table that lies there is what the document gives', async (t) => {
  const folder = t.testdir(shipped())
  rmSync(join(folder, 'permissions.yaml'))
  const words = ['config', 'import-openapi', 'openapi.yaml', '--into', 'permissions.yaml']
  await run(process.execPath, [program, ...words], { cwd: folder })
  t.equal(readFileSync(join(folder, 'permissions.yaml'), 'utf8'), guide('one-api/permissions.yaml'))
  t.match(guide('one-api/permissions.yaml'), '/orders/{id}:cancel')
})

t.test('from the document to requests that pass and that do not', async (t) => {
  const { url: databaseUrl } = await createEmptyDatabase(t)
  const upstreams = await Promise.all([startUpstream(), startUpstream()])
  t.teardown(async () => {
    for (const upstream of upstreams) await upstream.close()
  })
  const folder = folderWith(t, upstreams)
  const env = {
    PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
    ...{ GATEWAY_PORT: '0', CONTROL_PORT: '0' },
  }
  const quoted = `'${databaseUrl}'`
  const first = start.replace('postgres://…', () => quoted).replace(/^(?=npx latchkey start)/m, 'exec ')
  const child = spawn('sh', ['-ec', first], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void (said += text))
  t.teardown(async () => {
    if (child.exitCode !== null) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  })
  const ready = () => said.split('\n').find((line) => line.includes('"msg":"ready"'))
  await until(() => ready() !== undefined || child.exitCode !== null)
  t.match(said, /0 routes added, 0 changed, 5 kept/)
  t.match(said, /is valid: 1 API \(orders\), 5 routes/)
  const { gatewayPort, controlPort } = JSON.parse(ready() ?? '{}')
  const [token = ''] = /^[0-9a-f]{64}$/m.exec(said) ?? []

  const known = new Map([
    ['postgres://…', quoted],
    ['TOKEN=…', `TOKEN=${token}`],
    [':8080', `:${gatewayPort}`],
  ])
  const adminUrl = { LATCHKEY_ADMIN_URL: `http://127.0.0.1:${controlPort}` }
  const [exported = '', merchant = '', key = '', passes = '', refused = ''] = use.trim().split('\n')
  const [explain = '', update = ''] = after.trim().split('\n')
  /** A line in the second terminal; what it prints takes the place of `mer_…` and its like from then on. */
  const type = async (line: string): Promise<string> => {
    const typed = [...known].reduce(
      (text, [part, value]) => text.replace(part, () => value),
      `${exported}\n${line}`,
    )
    const { stdout } = await run('sh', ['-ec', typed], { cwd: folder, env: { ...env, ...adminUrl } })
    for (const [found, kind] of stdout.matchAll(/\b(mer|key|ord)_\w+/g))
      if (!known.has(`${kind}_…`)) known.set(`${kind}_…`, found)
    return stdout
  }
  // Beside the checks of its targets.
  const arrived = () =>
    upstreams.flatMap(({ requests }) => requests.filter(({ target }) => target !== '/healthz'))
  await type(merchant)
  await type(key)
  t.match(await type(passes), /^HTTP\/1\.1 200 /)
  t.match(await type(refused), /^HTTP\/1\.1 403 [^]*"required":\["orders\.cancel"\]/)
  t.match(arrived(), [{ method: 'GET', target: '/api/v1/orders/42' }])
  t.equal(arrived().length, 1)
  const values = new Set(arrived()[0]?.headers.map(([, value]) => value))
  for (const name of ['mer_…', 'key_…']) t.ok(values.has(known.get(name) ?? ''), name)
  t.match(await type(explain), /^decision +deny +403 INSUFFICIENT_PERMISSIONS/)
  await type(update)
  t.match(await type(refused), /^HTTP\/1\.1 200 /)
  t.ok(arrived().some(({ target }) => target === '/api/v1/orders/42:cancel'))
})

/** A checkout as far as the guide looks at it, with these servers at its addresses. */
function folderWith(t: Test, [one, two]: readonly RecordingUpstream[]): string {
  const addresses = { '10.0.0.5:8080': `127.0.0.1:${one?.port}`, '10.0.0.6:8080': `127.0.0.1:${two?.port}` }
  const gateway = { 'gateway.yaml': guide('one-api/gateway.yaml', addresses) }
  const folder = t.testdir({
    bin: { npx: `#!/bin/sh\nshift\nexec ${process.execPath} ${program} "$@"\n` },
    docs: { guides: { 'one-api': { ...shipped(), ...gateway } } },
  })
  chmodSync(join(folder, 'bin/npx'), 0o755)
  return folder
}
