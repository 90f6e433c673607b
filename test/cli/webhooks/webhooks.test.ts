import t from 'tap'
import { createConsole } from '../console.ts'

void t.test('a webhook is made, shown, changed, tested, and deleted', async (t) => {
  const { type, subject } = await createConsole(t)
  const url = 'https://receiver.example/hook'
  const made = await type('webhooks', 'create', '--url', url, '--event', 'api_key.revoked', 'api_key.exposed')
  t.match(made, { code: 0, stderr: '' })
  const [secret = ''] = /^whsec_\S+$/m.exec(made.stdout) ?? []
  const [, id = ''] = /^id +(whk_\S+)$/m.exec(made.stdout) ?? []
  t.match(secret, /^whsec_/)
  t.match((await type('webhooks', 'list')).stdout, new RegExp(`^${id} +all +all +${url}`, 'm'))
  const shown = await type('webhooks', 'show', id)
  t.match(shown.stdout, /^events +api_key\.exposed, api_key\.revoked$/m)
  t.notMatch(shown.stdout, secret)
  t.match((await type('webhooks', 'disable', id)).stdout, /^status +disabled \(by_hand\)$/m)
  t.match((await type('webhooks', 'enable', id)).stdout, /^status +enabled$/m)
  t.match((await type('webhooks', 'update', id, '--event', '*')).stdout, /^events +all$/m)
  t.match((await type('webhooks', 'rotate-secret', id, '--grace', '1h')).stdout, /^whsec_/m)
  const [, delivery = ''] = /^(dlv_\S+) is sent now/.exec((await type('webhooks', 'test', id)).stdout) ?? []
  t.match(
    (await type('webhooks', 'deliveries', id)).stdout,
    new RegExp(`^${delivery} +webhook.test +pending`, 'm'),
  )
  t.equal((await type('webhooks', 'redeliver', id, delivery)).code, 0)
  t.match(await type('webhooks', 'delete', id), { code: 0, stdout: `Webhook ${id} is deleted.\n` })
  t.match(await type('webhooks', 'show', id), { code: 1, stderr: /NOT_FOUND/ })
  t.match(await subject.db.query('SELECT id FROM webhook_secret'), [])
})

void t.test('wrong usage is told, and what cannot be an endpoint', async (t) => {
  const { type } = await createConsole(t)
  t.equal((await type('webhooks', 'create')).code, 2)
  t.equal((await type('webhooks', 'show', '../keys')).code, 2)
  t.match(await type('webhooks', 'create', '--url', 'https://10.0.0.1/'), {
    code: 1,
    stderr: /no public one/,
  })
  t.match((await type('webhooks', 'create', '--help')).stdout, /api_key\.revoked/)
})
