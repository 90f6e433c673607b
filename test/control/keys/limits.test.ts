// Contract 11: what may be said of one key, through the admin API and the command line.

import t from 'tap'
import { createConsole } from '../../cli/console.ts'
import { createSubject, keyBody, makeKey, makeMerchant } from '../subject.ts'

void t.test('addresses and rates of a key are kept as they are meant, and taken back', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  const patch = (body: object) => subject.call('PATCH', `/keys/${id}`, body)
  const patched = await patch({ allowed_ips: ['2001:DB8:0::1/128', '10.0.0.0/8', '10.0.0.0/8'] })
  t.match(patched.body, { allowed_ips: ['2001:db8::1', '10.0.0.0/8'], rate_limits: {}, revision: 3 })
  const rates = await patch({ rate_limits: { default: { rate: '500/s' } } })
  const both = {
    allowed_ips: ['2001:db8::1', '10.0.0.0/8'],
    rate_limits: { default: { rate: '500/s', burst: null } },
  }
  t.match(rates.body, { ...both, revision: 4 })
  t.match((await patch({ name: 'Other' })).body, { ...both, revision: 5 }, 'what is not named stays')
  t.match((await patch({ allowed_ips: both.allowed_ips })).body, { revision: 5 }, 'no change')
  t.match((await subject.call('GET', `/keys/${id}`)).body, both)
  const none = await patch({ allowed_ips: null, rate_limits: {} })
  t.match(none.body, { allowed_ips: [], rate_limits: {}, revision: 6 })
  const { body } = await subject.call('GET', `/audit?target=${id}`)
  t.match(body['data'], [
    { action: 'key.update', before: both },
    { action: 'key.update' },
    { action: 'key.update', after: both },
    { action: 'key.update', after: { allowed_ips: both.allowed_ips } },
    { action: 'key.create' },
  ])
})

void t.test('a key may be born with them', async (t) => {
  const subject = await createSubject(t)
  const body = keyBody(await makeMerchant(subject), { allowed_ips: ['192.0.2.0/24'] })
  const made = await subject.call('POST', '/keys', body)
  t.match(made, { status: 201, body: { allowed_ips: ['192.0.2.0/24'] } })
})

void t.test('what would let in nobody, or count nothing, is refused', async (t) => {
  const subject = await createSubject(t)
  const { id } = await makeKey(subject)
  for (const [body, path] of [
    [{ allowed_ips: ['10.0.0.1', '10.0.0.0/33'] }, '/allowed_ips/1'],
    [{ allowed_ips: ['fe80::1%eth0'] }, '/allowed_ips/0'],
    [{ allowed_ips: ['example.com'] }, '/allowed_ips/0'],
    [{ allowed_ips: '10.0.0.1' }, '/allowed_ips'],
    [{ rate_limits: { defualt: { rate: '1/s' } } }, '/rate_limits/defualt'],
    [{ rate_limits: { sums: { rate: '1/s' } } }, '/rate_limits/sums'],
    [{ rate_limits: { default: { rate: '1/w' } } }, '/rate_limits'],
    [{ rate_limits: { default: { rate: '1/s', burst: 0 } } }, '/rate_limits'],
    [{ rate_limits: { default: { rate: '1/s', per: 'key' } } }, '/rate_limits'],
  ] as const) {
    const answer = await subject.call('PATCH', `/keys/${id}`, body)
    t.equal(answer.status, 422, JSON.stringify(body))
    t.ok(answer.text.includes(`"path":"${path}`), `${answer.text} ${path}`)
  }
})

void t.test('the command line says them and takes them back', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const said = await type(
    ...['keys', 'update', id, '--allowed-ips', '10.0.0.0/8', '192.0.2.1'],
    ...['--rate-limits', 'default=500/s:1000'],
  )
  t.equal(said.code, 0, said.stderr)
  t.match(said.stdout, /^allowed from +10\.0\.0\.0\/8$/m)
  t.match(said.stdout, /^rate limits +default: 500\/s, burst 1000$/m)
  const taken = await type('keys', 'update', id, '--no-allowed-ips', '--no-rate-limits')
  t.notMatch(taken.stdout, /allowed from|rate limits/)
  t.match((await subject.call('GET', `/keys/${id}`)).body, { allowed_ips: [], rate_limits: {} })
  const wrong = await type('keys', 'update', id, '--rate-limits', 'default')
  t.equal(wrong.code, 2)
  t.match(wrong.stderr, /give a name and a rate/)
})
