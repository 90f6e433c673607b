// Contract 8.

import t from 'tap'
import { createOperatorCheck, parseAdminTokens } from '../../src/control/operator.ts'

const one = 'x'.repeat(32)
const two = 'y'.repeat(40)

function tokensOf(text: string) {
  const parsed = parseAdminTokens(text)
  if (parsed.kind === 'fault') throw new Error(parsed.fault)
  return parsed.tokens
}

void t.test('one token without a name acts as admin; named ones as themselves', async (t) => {
  t.match(tokensOf(one), [{ actor: 'admin' }])
  t.match(tokensOf(`ann:${one}, ben:${two}`), [{ actor: 'ann' }, { actor: 'ben' }])
  t.match(tokensOf(`ann:${one},ann:${two}`), [{ actor: 'ann' }, { actor: 'ann' }])
})

void t.test('faulty tokens are refused with a reason that does not repeat them', async (t) => {
  const faults = {
    '': /is empty/,
    'ann:': /is empty/,
    [one.slice(1)]: /shorter than 32/,
    [`ann:${one},${two}`]: /token 2 has no name/,
    [`ann:${one},`]: /token 2 is empty/,
    [`ann:${one},ben:${one}`]: /token 2 is there twice/,
    [`a n:${one}`]: /has a name/,
    [`:${one}`]: /has a name/,
    [`${one} ${two}`]: /spaces/,
  }
  for (const [text, fault] of Object.entries(faults)) {
    const parsed = parseAdminTokens(text)
    t.match(parsed, { kind: 'fault', fault })
    t.notMatch(JSON.stringify(parsed), /xxx|yyy/)
  }
})

void t.test('the token decides who acts, whatever the case of the scheme', async (t) => {
  const check = createOperatorCheck(() => tokensOf(`ann:${one},ben:${two}`), ['127.0.0.1'])
  const address = '127.0.0.1'
  t.same(check({ address, authorization: `Bearer ${two}` }), { actor: 'ben' })
  t.same(check({ address, authorization: `bearer ${one}` }), { actor: 'ann' })
  const wrong = [
    undefined,
    '',
    'Bearer',
    `Bearer ${one}x`,
    `Basic ${one}`,
    one,
    `Bearer ann:${one}`,
    `Bearer ${one} `,
  ]
  for (const authorization of wrong) t.match(check({ address, authorization }), { code: 'UNAUTHORIZED' })
})

void t.test('the address is judged before the token, IPv4 on a dual-stack socket included', async (t) => {
  const check = createOperatorCheck(() => tokensOf(one), ['127.0.0.0/8', '::1', '10.1.2.3', 'fd00::/8'])
  const authorization = `Bearer ${one}`
  for (const address of [
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '::FFFF:10.1.2.3',
    'fd12::1%eth0',
  ]) {
    t.same(check({ address, authorization }), { actor: 'admin' }, address)
  }
  for (const address of ['10.1.2.4', '::2', '::ffff:10.1.2.4', 'fe80::1', '', undefined]) {
    t.match(check({ address, authorization: undefined }), { code: 'FORBIDDEN' }, String(address))
  }
})

void t.test('an address list that is none is refused at the start', async (t) => {
  t.throws(() => createOperatorCheck(() => tokensOf(one), ['localhost']), RangeError)
  t.throws(() => createOperatorCheck(() => tokensOf(one), ['10.0.0.0/64']), RangeError)
})
