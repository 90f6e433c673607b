import t from 'tap'
import {
  isRecoveryCode,
  keyUri,
  newRecoveryCode,
  newSharedSecret,
  plainCode,
  recoveryDigest,
  stepOfCode,
} from '../../src/credentials/totp.ts'

// RFC 6238, appendix B: the ASCII text 12345678901234567890; of its eight digits the last six.
const rfc = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

t.test('codes are those of RFC 6238', async (t) => {
  for (const [seconds, code] of [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ] as const)
    t.equal(stepOfCode(rfc, code, seconds * 1000), Math.floor(seconds / 30), code)
})

t.test('clocks may be a step apart, either way, and no further', async (t) => {
  const step = Math.floor(1_111_111_111 / 30)
  const at = (steps: number) => stepOfCode(rfc, '050471', (step + steps) * 30_000)
  t.same([-2, -1, 0, 1, 2].map(at), [undefined, step, step, step, undefined])
  t.equal(stepOfCode(rfc, '050471', (step + 2) * 30_000 - 1), step)
})

t.test('what is no code is none', async (t) => {
  for (const text of ['', '05047', '0504711', 'abcdef', '050471\n', '０５０４７１'])
    t.equal(stepOfCode(rfc, text, 1_111_111_111_000), undefined, text)
  t.equal(plainCode(' 050 471 '), '050471')
})

t.test('a shared secret has 160 bits, and an app reads it from its URI', async (t) => {
  const secret = newSharedSecret()
  t.match(secret, /^[A-Z2-7]{32}$/)
  t.not(secret, newSharedSecret())
  const uri = new URL(keyUri(secret, { issuer: 'hub.test', email: 'a+b@x.test' }))
  t.equal(uri.host, 'totp')
  t.match(Object.fromEntries(uri.searchParams), { secret, issuer: 'hub.test', digits: '6', period: '30' })
  t.match(decodeURIComponent(uri.pathname), 'a+b@x.test')
})

t.test('a recovery code is read as people type it, and is one person’s', async (t) => {
  const code = newRecoveryCode()
  t.match(code, /^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/)
  t.ok(isRecoveryCode(plainCode(` ${code.toLowerCase().replaceAll('-', ' ')}`)))
  t.notOk(isRecoveryCode('ABCD-EFGH'))
  t.not(recoveryDigest('usr_1', plainCode(code)), recoveryDigest('usr_2', plainCode(code)))
})
