import { generateKeyPairSync } from 'node:crypto'
import t from 'tap'
import { configOf, edit, faultsOf, gatewayYaml } from './files.ts'

const pair = (curve: string) => generateKeyPairSync('ec', { namedCurve: curve })
const pem = (key: ReturnType<typeof pair>['publicKey']) =>
  key.export({ type: 'spki', format: 'pem' }).toString()

function withKeys(...entries: readonly object[]): string {
  return `control: { secret_scanning: { github: ${JSON.stringify(entries)} } }\n${gatewayYaml}`
}

t.test('a public key of P-256 is taken', async (t) => {
  const key = pem(pair('P-256').publicKey)
  const { settings } = await configOf(t, { gateway: withKeys({ id: 'one', key }) })
  t.same(settings.control.scanners, [{ id: 'one', key }])
  t.same((await configOf(t, {})).settings.control.scanners, [])
})

t.test('what is no such key is a fault that repeats nothing of it', async (t) => {
  const { publicKey, privateKey } = pair('P-256')
  const secret = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
  for (const [key, why] of [
    ['no key', 'is no public key in PEM'],
    [pem(pair('P-384').publicKey), 'is no key of the curve P-256'],
    [rsa.export({ type: 'spki', format: 'pem' }).toString(), 'is no key of the curve P-256'],
    [secret, 'is a private key'],
  ] as const) {
    const [fault = ''] = await faultsOf(t, { gateway: withKeys({ id: 'one', key }) })
    t.match(fault, why)
    t.notMatch(fault, secret.split('\n')[1] ?? '')
  }
  const key = pem(publicKey)
  const twice = await faultsOf(t, { gateway: withKeys({ id: 'one', key }, { id: 'one', key }) })
  t.match(twice, [/`id` stands there twice/])
})

t.test('an environment says what becomes of exposed keys; else it is told', async (t) => {
  const gateway = edit(gatewayYaml, 'prefix: pk_live_,', 'prefix: pk_live_, exposed: revoke,')
  const { table } = await configOf(t, { gateway })
  t.match(table.apis.get('flintn')?.environments, [
    { name: 'live', exposed: 'revoke' },
    { name: 'sandbox', exposed: 'notify' },
  ])
  const wrong = edit(gatewayYaml, 'prefix: pk_live_,', 'prefix: pk_live_, exposed: kill,')
  t.match(await faultsOf(t, { gateway: wrong }), [/must be `notify`, `disable` or `revoke`/])
})
