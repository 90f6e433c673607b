import t from 'tap'
import { makeMerchant } from '../../control/subject.ts'
import { createConsole } from '../console.ts'

void t.test('a merchant that is made is shown, and is there', async (t) => {
  const { type, subject } = await createConsole(t)
  const { code, stdout, stderr } = await type('merchants', 'create', '--name', 'Acme Ltd')
  t.equal(code, 0)
  t.equal(stderr, '')
  const [, id = ''] = /^id +(mer_\S+)$/m.exec(stdout) ?? []
  t.match(stdout, /^name +Acme Ltd$/m)
  t.match(await subject.call('GET', `/merchants/${id}`), { body: { name: 'Acme Ltd', status: 'active' } })
})

void t.test('--json prints what the API answers', async (t) => {
  const { type, subject } = await createConsole(t)
  const made: unknown = JSON.parse((await type('merchants', 'create', '--name', 'Acme', '--json')).stdout)
  t.match(made, { name: 'Acme', status: 'active', pending: [] })
  const listed: unknown = JSON.parse((await type('merchants', 'list', '--json')).stdout)
  t.same(listed, (await subject.call('GET', '/merchants')).body)
})

void t.test('suspend and resume take effect, and may be repeated', async (t) => {
  const { type, subject } = await createConsole(t)
  const id = await makeMerchant(subject)
  for (const [verb, status] of [
    ['suspend', 'suspended'],
    ['suspend', 'suspended'],
    ['resume', 'active'],
  ] as const) {
    t.same(await type('merchants', verb, id), {
      code: 0,
      stdout: `Merchant ${id} is ${status}.\n`,
      stderr: '',
    })
    t.match(await subject.call('GET', `/merchants/${id}`), { body: { status } })
  }
})

void t.test('a list is followed to its end, over all pages', async (t) => {
  const { type, subject } = await createConsole(t)
  for (let i = 0; i < 205; i++) await subject.call('POST', '/merchants', { name: `Merchant ${i}` })
  const { stdout } = await type('merchants', 'list')
  const lines = stdout.trimEnd().split('\n')
  t.match(lines[0], /^ID +NAME +STATUS +CREATED$/)
  t.equal(lines.length, 206)
  t.match(lines[1], /^mer_\S+ +Merchant 204 +active +2026-01-15 12:00:00Z$/)
  const { data } = JSON.parse((await type('merchants', 'list', '--json')).stdout) as { data: unknown[] }
  t.equal(data.length, 205)
})

void t.test('an unknown merchant is refused by name, with the way to find the right one', async (t) => {
  const { type } = await createConsole(t)
  const { code, stdout, stderr } = await type('merchants', 'suspend', 'mer_0000000000zz')
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^error: cannot suspend merchant mer_0000000000zz: No such object \[NOT_FOUND\]\n/)
  t.match(stderr, 'latchkey merchants list')
})

void t.test('a merchant is shown and renamed', async (t) => {
  const { type, subject } = await createConsole(t)
  const id = await makeMerchant(subject)
  t.match((await type('merchants', 'show', id)).stdout, /^name +Acme$/m)
  const renamed = await type('merchants', 'rename', id, '--name', 'Acme GmbH', '--reason', 'as they asked')
  t.match(renamed, { code: 0, stderr: '', stdout: /^name +Acme GmbH$/m })
  t.match((await subject.call('GET', `/audit?target=${id}&limit=1`)).body['data'], [
    { action: 'merchant.update', reason: 'as they asked' },
  ])
  t.equal((await type('merchants', 'rename', id)).code, 2)
})

void t.test('an update sets plan, limits and quotas, and takes them back', async (t) => {
  const { type, subject } = await createConsole(t)
  const id = await makeMerchant(subject)
  const read = async () => (await subject.call('GET', `/merchants/${id}`)).body
  const words = ['--plan', 'gold', '--rate-limits', 'default=500/s:1000', '--in-flight', '8']
  const made = await type('merchants', 'update', id, ...words, '--quotas', 'monthly=5000')
  t.equal(made.code, 0, made.stderr)
  t.match(made.stdout, /^plan +gold$/m)
  t.match(made.stdout, /^quotas +monthly: 5000 a month$/m)
  t.match(await read(), {
    plan: 'gold',
    rate_limits: { default: { rate: '500/s', burst: 1000 } },
    in_flight: 8,
    quotas: { monthly: { requests: 5000 } },
  })
  t.equal((await type('merchants', 'update', id, '--name', 'Other')).code, 0)
  t.match(await read(), { name: 'Other', plan: 'gold', in_flight: 8 })
  const back = ['--no-plan', '--no-rate-limits', '--no-in-flight', '--no-quotas']
  t.equal((await type('merchants', 'update', id, ...back)).code, 0)
  t.match(await read(), { plan: null, rate_limits: {}, in_flight: null, quotas: {} })
  t.equal((await type('merchants', 'update', id)).code, 2)
  for (const wrong of [
    ['--in-flight', '0'],
    ['--quotas', 'daily=5'],
    ['--quotas', 'monthly=0'],
    ['--rate-limits', 'x'],
  ])
    t.equal((await type('merchants', 'update', id, ...wrong)).code, 2, wrong.join(' '))
})
