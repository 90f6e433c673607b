import t from 'tap'
import { createConsole, typist } from '../console.ts'

void t.test('a token that is made works, is listed and ends', async (t) => {
  const { type, subject, url } = await createConsole(t)
  const made = await type('tokens', 'create', '--name', 'desk', '--role', 'support', '--expires-in', '90d')
  t.match(made, { code: 0, stderr: '' })
  const [secret = ''] = /^lk_adm_\S+$/m.exec(made.stdout) ?? []
  const [, id = ''] = /^id +(tok_\S+)$/m.exec(made.stdout) ?? []
  const other = typist({ LATCHKEY_ADMIN_URL: url, LATCHKEY_ADMIN_TOKEN: secret })
  t.equal((await other('keys', 'list')).code, 0)
  const refused = await other('merchants', 'create', '--name', 'X')
  t.match(refused, { code: 1, stderr: /FORBIDDEN[^]*the role support may not do this/ })
  t.match((await type('tokens', 'list')).stdout, new RegExp(`^${id} +desk +support +all +all`, 'm'))
  t.same(await type('tokens', 'revoke', id), { code: 0, stdout: `Token ${id} is revoked.\n`, stderr: '' })
  t.notMatch((await type('tokens', 'list')).stdout, id)
  t.match(await other('keys', 'list'), { code: 1, stderr: /UNAUTHORIZED/ })
  t.notMatch((await other('keys', 'list')).stderr, secret)
  t.match(await subject.db.query('SELECT role FROM admin_token'), [{ role: 'support' }])
})

void t.test('--json prints what the API answers, for one merchant and API where said', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'A' })).body['id'])
  const words = ['--name', 'm', '--role', 'admin', '--merchant', merchant, '--api', 'flint', '--json']
  const made: unknown = JSON.parse((await type('tokens', 'create', ...words)).stdout)
  t.match(made, { merchant_id: merchant, api: 'flint', secret: /^lk_adm_/ })
  const listed: unknown = JSON.parse((await type('tokens', 'list', '--json')).stdout)
  t.match(listed, { data: [{ name: 'm', merchant_id: merchant }] })
})

void t.test('wrong usage is told, and what is not there', async (t) => {
  const { type } = await createConsole(t)
  t.equal((await type('tokens', 'create', '--name', 'x')).code, 2)
  t.equal((await type('tokens', 'create', '--name', 'x', '--role', 'owner')).code, 2)
  t.equal((await type('tokens', 'revoke', '../keys')).code, 2)
  t.match(await type('tokens', 'revoke', 'tok_999999999999'), { code: 1, stderr: /NOT_FOUND/ })
  t.match((await type('tokens', 'create', '--help')).stdout, /auditor/)
})
