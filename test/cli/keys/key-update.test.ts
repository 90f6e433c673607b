import t from 'tap'
import { makeKey, makeMerchant, startMs } from '../../control/subject.ts'
import { createConsole } from '../console.ts'

void t.test('an update changes what is named and leaves the rest', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const read = async () => (await subject.call('GET', `/keys/${id}`)).body
  t.equal((await type('keys', 'update', id, '--name', 'Refunds')).code, 0)
  t.match(await read(), { name: 'Refunds', permissions: ['transaction.read'], expires_at: null })
  await type('keys', 'update', id, '--permission', 'transaction.refund')
  t.match(await read(), { name: 'Refunds', permissions: ['transaction.refund'] })
})

void t.test('an expiry is set by duration or time, and taken away', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  for (const [words, expiry] of [
    [['--expires-in', '2w'], new Date(startMs + 14 * 86_400_000).toISOString()],
    [['--expires-at', '2027-01-31'], '2027-01-31T00:00:00.000Z'],
    [['--expires-at', '2027-01-31T12:00:00+02:00'], '2027-01-31T10:00:00.000Z'],
    [['--no-expiry'], null],
  ] as const) {
    const { code, stdout } = await type('keys', 'update', id, ...words, '--json')
    t.equal(code, 0)
    t.match(JSON.parse(stdout), { expires_at: expiry, name: 'Checkout' })
  }
})

void t.test('an update of nothing, or of two expiries, is wrong usage and calls nobody', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const lines = subject.logged.length
  const nothing = await type('keys', 'update', id)
  t.equal(nothing.code, 2)
  t.match(nothing.stderr, /^error: nothing to update: .*--no-expiry/)
  for (const words of [
    ['--expires-in', '1d', '--no-expiry'],
    ['--expires-at', '2027-01-31', '--no-expiry'],
    ['--expires-in', '1d', '--expires-at', '2027-01-31'],
  ]) {
    const { code, stderr } = await type('keys', 'update', id, ...words)
    t.equal(code, 2, words.join(' '))
    t.match(stderr, 'cannot be used with')
  }
  t.equal(subject.logged.length, lines)
})

void t.test('an expiry that has passed is refused by the control plane, by its place', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const { code, stderr } = await type('keys', 'update', id, '--expires-at', '2020-01-31')
  t.equal(code, 1)
  t.match(stderr, /^ {2}the expiry: must be in the future$/m)
})

void t.test('limits of a key are set when it is made and later', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchant = await makeMerchant(subject)
  const made = await type(
    ...['keys', 'create', '--merchant', merchant, '--api', 'flintn', '--env', 'live', '--name', 'Till'],
    ...['--permission', 'transaction.read', '--rate-limits', 'default=5/s', '--in-flight', '3'],
    ...['--allowed-ips', '10.0.0.0/8', '192.0.2.7', '--json'],
  )
  t.equal(made.code, 0, made.stderr)
  const key: { readonly id: string } = JSON.parse(made.stdout)
  t.match(key, {
    rate_limits: { default: { rate: '5/s' } },
    in_flight: 3,
    allowed_ips: ['10.0.0.0/8', '192.0.2.7'],
  })
  const changed = await type('keys', 'update', key.id, '--in-flight', '4')
  t.match(changed.stdout, /^in flight +4$/m)
  await type('keys', 'update', key.id, '--no-in-flight', '--no-rate-limits')
  t.match((await subject.call('GET', `/keys/${key.id}`)).body, { in_flight: null, rate_limits: {} })
})
