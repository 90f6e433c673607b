// Contract 8: the whole program copies its audit, over a restart, and tells how far it is.

import { readFile, writeFile } from 'node:fs/promises'
import t, { type Test } from 'tap'
import { startReceiver } from '../control/webhooks/receiver.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { adminToken, latchkey, secrets, until, untilReady, writeConfig } from './process.ts'

async function withSink(t: Test, sink: string): Promise<string> {
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url })
  const text = await readFile(file, 'utf8')
  const control = 'control: { host: 127.0.0.1, port: 0'
  await writeFile(file, text.replace(control, `${control}, audit_sink: ${sink}`))
  return file
}

void t.test(
  'changes are at the sink soon after, with the header that comes from the environment',
  async (t) => {
    const receiver = await startReceiver(t)
    const headers = '{ Authorization: "Bearer ${SIEM_TOKEN}" }'
    const file = await withSink(t, `{ url: "${receiver.url}", headers: ${headers} }`)
    const env = { ...secrets, SIEM_TOKEN: 'siem-token-of-the-environment' }
    const copied = () =>
      receiver.told.flatMap(({ body }) =>
        body
          .trimEnd()
          .split('\n')
          .map((line) => String(Object(JSON.parse(line)).action)),
      )
    for (const [index, name] of ['one', 'two'].entries()) {
      const running = latchkey(t, ['start', '--config', file], env)
      const { control } = await untilReady(running)
      const call = (path: string, body?: object) =>
        fetch(`http://127.0.0.1:${control}${path}`, {
          ...(body && { method: 'POST', body: JSON.stringify(body) }),
          headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        })
      t.equal((await call('/admin/v1/merchants', { name })).status, 201)
      await until(() => copied().length === index + 1)
      const metrics = async () => (await call('/metrics')).text()
      await until(async () => /^latchkey_audit_sink_lag_seconds\{of="sink"\} 0$/m.test(await metrics()))
      await until(async () => /^latchkey_audit_sink_entries_total 1$/m.test(await metrics()))
      running.child.kill('SIGTERM')
      t.equal((await running.ended).code, 0)
      t.notMatch(running.stdout() + running.stderr(), env.SIEM_TOKEN)
    }
    t.same(copied(), ['merchant.create', 'merchant.create'])
    t.ok(
      receiver.told.every(({ headers: { authorization } }) => authorization === `Bearer ${env.SIEM_TOKEN}`),
    )
  },
)

void t.test('a bundle of authorities that is not there is told at the start', async (t) => {
  const file = await withSink(t, '{ url: "https://127.0.0.1:1/", ca: gone.pem }')
  const running = latchkey(t, ['start', '--config', file], secrets)
  t.not((await running.ended).code, 0)
  t.match(running.stderr(), /control\.audit_sink\.ca: .*gone\.pem does not exist/)
})
