import { join } from 'node:path'
import t from 'tap'
import { countDenied, type DenyKind, loadDeny, nothingDenied, readDenyValue } from '../../src/config/deny.ts'
import { formatFault, loadConfig } from '../../src/config/load.ts'
import { configOf, edit, faultsOf, gatewayYaml, load } from './files.ts'

const hash = 'a'.repeat(43)
const withDeny = `gateway: { deny: stop/deny.yaml }\n${gatewayYaml}`
const known = (name: string) => name === 'transaction.read'

async function read(t: Tap, text: string, env = {}) {
  const folder = t.testdir({ 'deny.yaml': text })
  const result = await loadDeny(join(folder, 'deny.yaml'), env, known)
  const lines = result.ok ? result.warnings : result.faults
  return { result, lines: lines.map((fault) => formatFault(fault).replace(`${folder}/`, '')) }
}
type Tap = Parameters<typeof load>[0]

t.test('all lists of a file, each entry in its one spelling', async (t) => {
  const { result, lines } = await read(
    t,
    `keys: [key_0123456789, key_0123456789]
merchants:
  - mer_0123456789
prefixes: [pk_live_A1, "\${LEAKED}"]
permissions: [transaction.read]
clients: [192.0.2.0/24, 2001:DB8::1]
`,
    { LEAKED: 'pk_live_0123456789' },
  )
  t.strictSame(lines, [])
  if (!result.ok) return t.fail('it has no fault')
  t.strictSame(countDenied(result.entries), {
    keys: 1,
    merchants: 1,
    prefixes: 2,
    permissions: 1,
    clients: 2,
  })
  t.strictSame([...result.entries.client], ['192.0.2.0/24', '2001:db8::1'])
  const [short, long] = result.entries.prefix
  t.equal(short, 'pk_live_A1')
  t.match(long, /^pk_live_0123~18~[A-Za-z0-9_-]{43}$/, 'a long prefix may be a secret, and is kept as none')
})

t.test(
  'nothing is denied by an empty mapping; an empty file is a fault: it may be half written',
  async (t) => {
    const { result } = await read(t, '{}\n')
    t.match(result, { ok: true, entries: nothingDenied })
    t.strictSame((await read(t, '')).lines, ['deny.yaml:1:1  the file is empty'])
    t.strictSame((await read(t, '# keys: []\n')).lines, ['deny.yaml:1:1  the file is empty'])
    t.strictSame((await read(t, 'keys:\n')).lines, ['deny.yaml:1:6  `keys` must be a list'])
  },
)

t.test('every fault is told with its place, and the file refused whole', async (t) => {
  const { result, lines } = await read(
    t,
    `keyz: []
keys: [key_1, key_0123456789]
merchants: [key_0123456789]
prefixes: [pk_, "*"]
permissions: [public, "*"]
clients: [host, 10.0.0.0/7, 0.0.0.0/0, "::/0", "::/80", "::ffff:1.2.3.4", 999.1.1.1]
`,
  )
  t.equal(result.ok, false)
  t.strictSame(lines, [
    'deny.yaml:1:1  unknown key `keyz`  (did you mean keys?)',
    'deny.yaml:2:8  an entry of `keys` must be the id of a key, key_…, or of a client of OAuth, cli_…, or of tokens of an outside issuer: jwt_…, jti_…, sub_…, iss_…',
    'deny.yaml:3:13  an entry of `merchants` must be the id of a merchant, mer_…',
    'deny.yaml:4:12  an entry of `prefixes` must be the beginning of a secret: 4 to 256 of A-Z, a-z, 0-9, `_` and `-`',
    'deny.yaml:4:17  an entry of `prefixes` must be the beginning of a secret: 4 to 256 of A-Z, a-z, 0-9, `_` and `-`',
    'deny.yaml:5:15  an entry of `permissions` must be the name of a permission, other than `public`',
    'deny.yaml:5:23  an entry of `permissions` must be the name of a permission, other than `public`',
    'deny.yaml:6:11  an entry of `clients` must be an IP address or a CIDR block',
    'deny.yaml:6:17  an entry of `clients` must not be wider than /8 (IPv4) or /16 (IPv6)',
    'deny.yaml:6:29  an entry of `clients` must not be wider than /8 (IPv4) or /16 (IPv6)',
    'deny.yaml:6:40  an entry of `clients` must not be wider than /8 (IPv4) or /16 (IPv6)',
    'deny.yaml:6:48  an entry of `clients` must not hold all IPv4 addresses',
    'deny.yaml:6:57  an entry of `clients` must be written as an IPv4 address',
    'deny.yaml:6:75  an entry of `clients` must be an IP address or a CIDR block',
  ])
})

t.test('a permission of no API is a warning: the file must not become faulty by another', async (t) => {
  const { result, lines } = await read(t, 'permissions: [transaction.raed]\n')
  t.equal(result.ok, true)
  t.strictSame(lines, ['deny.yaml:1:15  no API has the permission `transaction.raed`'])
})

t.test('a list has a bound', async (t) => {
  const ids = Array.from({ length: 10_001 }, (_, index) => `key_${String(index).padStart(10, '0')}`)
  const { lines } = await read(t, `keys: [${ids.join(', ')}]\n`)
  t.strictSame(lines, ['deny.yaml:1:7  more than 10000 entries'])
})

t.test('a value by hand is judged as one in the file, and the fault repeats nothing of it', async (t) => {
  const right: [DenyKind, string][] = [
    ['key', 'key_0123456789'],
    ['merchant', 'mer_0123456789'],
    ['prefix', 'abcd'],
    ['prefix', `pk_live_abcd~40~${hash}`],
    ['permission', 'transaction.read'],
    ['client', '10.0.0.0/8'],
  ]
  for (const [kind, value] of right) t.strictSame(readDenyValue(kind, value), { ok: true, value })
  for (const [kind, value] of [
    ['key', 'key_../0123456789'],
    ['key', 'key_0123456789\n'],
    ['prefix', 'abc'],
    ['prefix', 'hunter2 hunter2'],
    ['prefix', 'h'.repeat(257)],
    ['client', 'fe80::1%eth0'],
    ['client', '1.2.3.4/033'],
  ] as const) {
    const read = readDenyValue(kind, value)
    t.match(read, { ok: false, message: /^must / }, value)
    t.notMatch(JSON.stringify(read), 'hunter2')
  }
})

t.test('the gateway file names it; its faults are faults of the configuration', async (t) => {
  t.strictSame(await faultsOf(t, { gateway: withDeny }), ['stop/deny.yaml:1:1  the deny file does not exist'])
  const folder = t.testdir({ 'gateway.yaml': withDeny, stop: { 'deny.yaml': 'keys: 1\n' } })
  const file = join(folder, 'gateway.yaml')
  t.match(await loadConfig(file, {}), { ok: false })
  const skipped = await loadConfig(file, {}, { skipsDeny: true })
  t.match(skipped, { ok: false }, 'the table is missing')
  const { settings } = await configOf(t, { gateway: gatewayYaml })
  t.equal(settings.gateway.denyFile, null)
})

t.test('it is no part of the table: not of the sum, nor of the files that are watched with it', async (t) => {
  const gateway = edit(withDeny, 'stop/deny.yaml', 'deny.yaml')
  const one = await load(t, { gateway, others: { 'deny.yaml': '{}\n' } })
  const two = await load(t, { gateway, others: { 'deny.yaml': 'permissions: [none.such]\n' } })
  if (!one.ok || !two.ok) return t.fail('they have no faults')
  t.equal(one.config.table.sha256, two.config.table.sha256)
  t.notOk(two.files.some((file) => file.endsWith('deny.yaml')))
  t.match(two.warnings, [{ message: 'no API has the permission `none.such`' }])
  t.match(one.config.settings.gateway.denyFile, /^\/.*deny\.yaml$/)
})

t.test('a running process may leave it out', async (t) => {
  const gateway = edit(withDeny, 'stop/deny.yaml', 'none.yaml')
  const folder = t.testdir({ 'gateway.yaml': gateway, 'table.yaml': (await import('./files.ts')).tableYaml })
  t.equal((await loadConfig(join(folder, 'gateway.yaml'), {})).ok, false)
  t.equal((await loadConfig(join(folder, 'gateway.yaml'), {}, { skipsDeny: true })).ok, true)
})
