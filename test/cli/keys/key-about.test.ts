import t from 'tap'
import { makeKey, makeMerchant } from '../../control/subject.ts'
import { createConsole, createWords } from '../console.ts'

void t.test('pairs and owner are said when a key is made, and shown', async (t) => {
  const { type, subject } = await createConsole(t)
  const about = ['--metadata', 'team=payments', 'rule=a=b', '--metadata', 'cost=7', '--owner', 'Ann']
  const made = await type(...createWords(await makeMerchant(subject), ...about, '--json'))
  const metadata = { team: 'payments', rule: 'a=b', cost: '7' }
  const key: unknown = JSON.parse(made.stdout)
  t.match(key, { metadata, owner: 'Ann', created_by: 'ann' })
  const { stdout } = await type('keys', 'show', String(Object(key).id))
  t.match(stdout, /^owner +Ann\ncreated by +ann\nmetadata +cost=7\n +rule=a=b\n +team=payments$/m)
})

void t.test('they are changed, and taken away', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  const update = async (...words: string[]) => {
    const { stdout, code } = await type('keys', 'update', id, ...words, '--json')
    t.equal(code, 0)
    return JSON.parse(stdout) as unknown
  }
  t.match(await update('--metadata', 'a=1', '--owner', 'Ben'), { metadata: { a: '1' }, owner: 'Ben' })
  t.match(await update('--no-owner'), { metadata: { a: '1' }, owner: null })
  const none = await update('--no-metadata')
  t.same(Object(none).metadata, {})
})

void t.test('what is no pair is wrong usage', async (t) => {
  const { type, subject } = await createConsole(t)
  const { id } = await makeKey(subject)
  for (const pair of ['a', '=b']) {
    const { code, stderr } = await type('keys', 'update', id, '--metadata', pair)
    t.equal(code, 2)
    t.match(stderr, 'name=text')
  }
})
