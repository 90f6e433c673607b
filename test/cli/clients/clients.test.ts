import { generateKeyPairSync } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { makeMerchant } from '../../control/subject.ts'
import { createConsole } from '../console.ts'

const uri = 'https://books.example/back'

void t.test('a client is made, shown, given another secret, ended', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = await makeMerchant(subject)
  const about = ['--name', 'Books', '--api', 'flintn', '--permission', '*']
  const own = ['--merchant', merchant, '--grant', 'code', 'client_credentials', '--redirect-uri', uri]
  const made = await type('clients', 'create', ...about, ...own, '--json')
  t.match(made, { code: 0, stderr: '' })
  const client: Record<string, unknown> = JSON.parse(made.stdout)
  t.match(client, {
    client_id: /^cli_/,
    client_secret: /^lk_oac_[0-9A-Za-z]{38}$/,
    merchant_id: merchant,
    grants: ['client_credentials', 'code'],
    redirect_uris: [uri],
    environment: 'live',
  })
  const id = String(client['client_id'])
  t.match((await type('clients', 'list')).stdout, new RegExp(`^${id} +Books +${merchant} +flintn +live`, 'm'))
  const shown = await type('clients', 'show', id)
  t.match(shown.stdout, /^grants +client_credentials, code$/m)
  t.notMatch(shown.stdout, String(client['client_secret']))
  t.match((await type('clients', 'rotate-secret', id, '--grace', '1h')).stdout, /^lk_oac_/m)
  t.match(await type('clients', 'disable', id), { code: 0, stdout: `Client ${id} is disabled.\n` })
  t.match(await type('clients', 'enable', id), { code: 0, stdout: `Client ${id} is active.\n` })
  const all = await type(
    'clients',
    'create',
    ...about,
    '--all-merchants',
    '--grant',
    'code',
    '--redirect-uri',
    uri,
  )
  t.match(all.stdout, /^merchant +all$/m)
  t.match(all.stdout, /^lk_oac_/m)
  t.match((await type('oauth', 'keys', 'rotate')).stdout, /^Key \S+ signs from /)
})

void t.test('a client with keys has no secret', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = await makeMerchant(subject)
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(t.testdir(), 'jwks.json')
  await writeFile(file, JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))
  const about = ['--name', 'Books', '--api', 'flintn', '--permission', '*', '--grant', 'client_credentials']
  const made = await type('clients', 'create', ...about, '--merchant', merchant, '--jwks', file, '--bound')
  t.equal(made.code, 0)
  t.match(made.stdout, /^shows itself by +private_key_jwt$/m)
  t.match(made.stdout, /^bound +yes$/m)
  t.notMatch(made.stdout, /lk_oac_/)
})

void t.test('wrong usage is told', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = await makeMerchant(subject)
  const about = ['--name', 'a', '--api', 'flintn', '--permission', '*', '--grant', 'code']
  t.equal((await type('clients', 'create', ...about)).code, 2, 'for whom is to be said')
  t.equal((await type('clients', 'create', ...about, '--merchant', merchant, '--all-merchants')).code, 2)
  t.equal((await type('clients', 'create', ...about, '--all-merchants', '--jwks', '/nowhere')).code, 2)
  t.equal((await type('clients', 'create', ...about.slice(0, -1), 'password', '--all-merchants')).code, 2)
  t.match(await type('clients', 'create', ...about, '--all-merchants'), { code: 1, stderr: /redirect_uris/ })
  t.equal((await type('clients', 'show', '../keys')).code, 2)
})
