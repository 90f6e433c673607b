import t from 'tap'
import { makeKey, makeMerchant, startMs } from '../../control/subject.ts'
import { createConsole, createWords } from '../console.ts'

void t.test('a key that is made shows its secret once, and the hint to store it', async (t) => {
  const { type, subject } = await createConsole(t)
  const words = createWords(await makeMerchant(subject), 'transaction.refund', '--expires-in', '90d')
  const { code, stdout, stderr } = await type(...words)
  t.equal(code, 0)
  t.equal(stderr, '')
  t.equal(stdout.match(/pk_live_[0-9A-Za-z]{38}/g)?.length, 1)
  t.match(stdout, 'Store the secret now: it is not shown again.')
  t.match(stdout, /^expires +2026-04-15 12:00:00Z$/m)
  const [, id = ''] = /^id +(key_\S+)$/m.exec(stdout) ?? []
  const { body } = await subject.call('GET', `/keys/${id}`)
  t.match(body, {
    name: 'Checkout',
    permissions: ['transaction.read', 'transaction.refund'],
    expires_at: new Date(startMs + 90 * 86_400_000).toISOString(),
  })
})

void t.test('--permission may be repeated, and * stands for all', async (t) => {
  const { type, subject } = await createConsole(t)
  const id = await makeMerchant(subject)
  const repeated = await type(...createWords(id, '--permission', 'transaction.refund', '--json'))
  t.match(JSON.parse(repeated.stdout), { permissions: ['transaction.read', 'transaction.refund'] })
  const words = createWords(id, '--json').map((word) => (word === 'transaction.read' ? '*' : word))
  t.match(JSON.parse((await type(...words)).stdout), { permissions: ['*'], secret: /^pk_live_/ })
})

void t.test('a refusal names the option and the value that is wrong', async (t) => {
  const { type, subject } = await createConsole(t)
  const id = await makeMerchant(subject)
  const permission = await type(...createWords(id, 'transaction.refnud'))
  t.equal(permission.code, 1)
  t.equal(permission.stdout, '')
  t.match(permission.stderr, /^error: cannot create the key: .+ \[VALIDATION_FAILED\]$/m)
  t.match(permission.stderr, /^ {2}--permission transaction\.refnud: is not a permission of flintn$/m)
  const merchant = await type(...createWords('mer_0000000000zz'))
  t.match(merchant.stderr, /^ {2}--merchant: no such merchant$/m)
})

void t.test('show and list tell what a key is, never its secret', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id, secret } = await makeKey(subject)
  const shown = await type('keys', 'show', id)
  t.match(shown.stdout, new RegExp(`^id +${id}$`, 'm'))
  t.match(
    shown.stdout,
    new RegExp(`^secrets +pk_live_…${secret.slice(-4)} {2}current, last used never$`, 'm'),
  )
  const listed = await type('keys', 'list')
  t.match(listed.stdout, /^ID +NAME +MERCHANT +API +ENV +STATUS +KEY +EXPIRES +LAST USED\n/)
  t.match(listed.stdout, new RegExp(`^${id} +Checkout +mer_\\S+ +flintn +live +active`, 'm'))
  for (const { stdout } of [shown, listed]) t.notMatch(stdout, secret)
  const json: unknown = JSON.parse((await type('keys', 'show', id, '--json')).stdout)
  t.same(json, (await subject.call('GET', `/keys/${id}`)).body)
})

void t.test('a list can be narrowed to a merchant and a status', async (t) => {
  const { type, subject } = await createConsole(t)
  const one = await makeKey(subject)
  const other = await makeKey(subject)
  await subject.call('POST', `/keys/${one.id}/disable`)
  const disabled = await type('keys', 'list', '--status', 'disabled')
  t.match(disabled.stdout, one.id)
  t.notMatch(disabled.stdout, other.id)
  const { body } = await subject.call('GET', `/keys/${other.id}`)
  const ofMerchant = await type('keys', 'list', '--merchant', String(body['merchant_id']))
  t.match(ofMerchant.stdout, other.id)
  t.notMatch(ofMerchant.stdout, one.id)
})

void t.test('a key that has expired is told as expired', async (t) => {
  const { type, subject } = await createConsole(t)
  subject.clock.nowMs -= 60_000
  await makeKey(subject, { expires_at: new Date(startMs).toISOString() })
  t.match((await type('keys', 'list')).stdout, / expired +/)
  subject.clock.nowMs += 60_000
  t.match((await type('keys', 'list', '--status', 'expired')).stdout, / expired +/)
  t.notMatch((await type('keys', 'list', '--status', 'disabled')).stdout, / expired +/)
})

void t.test('disable, enable and revoke take effect; revoke is final', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  for (const [verb, status] of [
    ['disable', 'disabled'],
    ['enable', 'active'],
    ['revoke', 'revoked'],
    ['revoke', 'revoked'],
  ] as const) {
    t.same(await type('keys', verb, id), { code: 0, stdout: `Key ${id} is ${status}.\n`, stderr: '' })
    t.match(await subject.call('GET', `/keys/${id}`), { body: { status } })
  }
  const refused = await type('keys', 'enable', id)
  t.equal(refused.code, 1)
  t.match(refused.stderr, `error: cannot enable key ${id}: The key is revoked; this is final`)
})

void t.test('rotate shows the new secret and how long the old one works; end-rotation ends it', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id, secret } = await makeKey(subject)
  const rotated = await type('keys', 'rotate', id, '--grace', '2h')
  t.equal(rotated.code, 0)
  const [fresh = ''] = /pk_live_[0-9A-Za-z]{38}/.exec(rotated.stdout) ?? []
  t.not(fresh, secret)
  t.match(rotated.stdout, 'The old secret works until 2026-01-15 14:00:00Z.')
  const again = await type('keys', 'rotate', id)
  t.equal(again.code, 1)
  t.match(again.stderr, 'ROTATION_IN_PROGRESS')
  t.match(again.stderr, 'keys end-rotation')
  t.equal((await type('keys', 'end-rotation', id)).code, 0)
  t.match(await type('keys', 'release', id), { code: 0, stdout: `No brake holds key ${id}.` })
  const { body } = await subject.call('GET', `/keys/${id}`)
  t.match(body, { last4: fresh.slice(-4) })
  t.equal((body['secrets'] as unknown[]).length, 1)
})

void t.test('--grace 0 leaves only the new secret; without --grace it is 24 hours', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const atOnce = await type('keys', 'rotate', id, '--grace', '0')
  t.equal(atOnce.code, 0)
  t.notMatch(atOnce.stdout, 'The old secret works')
  t.match((await type('keys', 'rotate', id)).stdout, 'The old secret works until 2026-01-16 12:00:00Z.')
})

void t.test(
  'a change waits for all instances; those that lag are told, and it is done all the same',
  async (t) => {
    const waited: number[] = []
    const { type, subject } = await createConsole(t, {
      awaitAll: async (revision) => {
        waited.push(revision)
        const deadByMs = startMs + 900_000
        return [{ instance: 'host-1-ab', appliedRevision: 1, lastSeenAtMs: startMs, deadByMs }]
      },
    })
    const { id } = await makeKey(subject)
    const { code, stdout, stderr } = await type('keys', 'disable', id)
    t.equal(code, 0)
    t.equal(stdout, `Key ${id} is disabled.\n`)
    t.match(stderr, /^warning: the change is made, but 1 instance has not applied it yet$/m)
    t.match(stderr, /host-1-ab: last seen 2026-01-15 12:00:00Z, .* until 2026-01-15 12:15:00Z/)
    t.same(waited, [3])
  },
)

void t.test(
  'a list can be narrowed to an API, an environment, a part of the name and the end of a secret',
  async (t) => {
    const { type, subject } = await createConsole(t)
    const one = await makeKey(subject, { name: 'Back office' })
    const other = await makeKey(subject, { api: 'flint', environment: 'sandbox' })
    const ids = async (...words: string[]) => {
      const { data } = JSON.parse((await type('keys', 'list', ...words, '--json')).stdout) as {
        data: { id: string }[]
      }
      return data.map(({ id }) => id)
    }
    t.same(await ids('--api', 'flint'), [other.id])
    t.same(await ids('--env', 'live'), [one.id])
    t.same(await ids('--q', 'office'), [one.id])
    t.same(await ids('--last4', other.secret.slice(-4)), [other.id])
    t.same(await ids('--last4', other.secret.slice(-4), '--env', 'live'), [])
    t.match(await type('keys', 'list', '--last4', '~~'), { code: 1, stderr: /--last4/ })
    t.same(await ids('--unused-for', '0s', '--older-than', '0s'), [other.id, one.id])
    t.same(await ids('--unused-for', '90d'), [])
    t.same(await ids('--expires-within', '14d'), [])
    t.match(await type('keys', 'list', '--older-than', '90'), { code: 1, stderr: /older_than|--older-than/ })
  },
)

void t.test('why a key is changed is kept in the audit', async (t) => {
  const { type, subject } = await createConsole(t)
  const merchantId = await makeMerchant(subject)
  const words = [
    createWords(merchantId),
    ['keys', 'update', 'ID', '--name', 'Till'],
    ['keys', 'disable', 'ID'],
    ['keys', 'enable', 'ID'],
    ['keys', 'rotate', 'ID'],
    ['keys', 'end-rotation', 'ID'],
    ['keys', 'revoke', 'ID'],
  ]
  let id = ''
  for (const [index, line] of words.entries()) {
    const { code, stdout } = await type(
      ...line.map((word) => (word === 'ID' ? id : word)),
      '--reason',
      `why ${index}`,
    )
    t.equal(code, 0, line.join(' '))
    id ||= /^id +(key_\S+)$/m.exec(stdout)?.[1] ?? ''
  }
  const { body } = await subject.call('GET', `/audit?target=${id}`)
  t.same(
    (body['data'] as { reason: string }[]).map(({ reason }) => reason),
    words.map((_, index) => `why ${index}`).toReversed(),
  )
  t.match(await type('keys', 'enable', id, '--reason', 'a\nb'), { code: 1, stderr: /--reason.*printable/ })
})
