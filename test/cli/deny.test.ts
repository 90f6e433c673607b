import t from 'tap'
import { nothingDenied } from '../../src/config/deny.ts'
import { createDenyStop } from '../../src/lookup/deny-stop.ts'
import { createDenyWords } from '../../src/lookup/deny-words.ts'
import { startMs } from '../control/subject.ts'
import { createConsole } from './console.ts'

const id = 'key_0123456789'

function stopOf(isSpread: boolean) {
  return createDenyStop({
    words: createDenyWords(),
    spread: {
      start: async () => {},
      tell: async () => isSpread,
      held: async () => undefined,
      dismiss: async () => true,
      stop: async () => {},
    },
    now: () => startMs,
    changed: () => undefined,
  })
}

t.test('what is denied is shown, listed, and no longer denied when it is taken back', async (t) => {
  const { type, subject } = await createConsole(t, { deny: stopOf(true) })
  t.same(await type('deny', 'add', 'key', id), { code: 0, stdout: `The key ${id} is denied.\n`, stderr: '' })
  const secret = `pk_live_${'0'.repeat(38)}`
  const { stdout } = await type('deny', 'add', 'prefix', secret)
  t.equal(stdout, 'The prefix pk_live_0000… (46 characters) is denied.\n')
  const listed = (await type('deny', 'list')).stdout
  t.match(listed, /^KIND +VALUE +BY +SINCE +ACTOR\nkey +key_0123456789 +api +2026-01-15 12:00:00Z +ann\n/)
  t.match(listed, /prefix +pk_live_0000… \(46 characters\) +api/)
  t.same(JSON.parse((await type('deny', 'list', '--json')).stdout), (await subject.call('GET', '/deny')).body)
  t.equal((await type('deny', 'remove', 'prefix', secret)).stdout.endsWith('is no longer denied.\n'), true)
  const json: unknown = JSON.parse((await type('deny', 'remove', 'key', id, '--json')).stdout)
  t.match(json, { kind: 'key', value: id, denied: false, spread: true, pending: [] })
})

t.test('the operator is told where it may not be in force', async (t) => {
  const pending = [{ instance: 'two', lastSeenAtMs: startMs }]
  const alone = await createConsole(t, { deny: stopOf(false), denyBehind: async () => pending })
  const added = await alone.type('deny', 'add', 'key', id)
  t.equal(added.code, 0)
  t.match(
    added.stderr,
    /^warning: in force on one and its workers alone, until it restarts: Redis is not used or does not answer/,
  )
  t.match(added.stderr, /These may not have it:\n {2}two: last seen 2026-01-15 12:00:00Z\n$/)
  const slow = await createConsole(t, { deny: stopOf(true), denyBehind: async () => pending })
  t.match((await slow.type('deny', 'add', 'key', id)).stderr, /have not said that they have it:\n {2}two/)
  const blind = await createConsole(t, { deny: stopOf(true), denyBehind: async () => null })
  t.match(
    (await blind.type('deny', 'add', 'key', id)).stderr,
    /nobody could be asked which instances have it/,
  )
})

t.test('what the file lists: only the file takes it back', async (t) => {
  const deny = stopOf(true)
  deny.takeFile({ ...nothingDenied, key: new Set([id]) })
  const { type } = await createConsole(t, { deny })
  t.match((await type('deny', 'list')).stdout, /\nkey +key_0123456789 +file +- +-\n/)
  const refused = await type('deny', 'remove', 'key', id)
  t.equal(refused.code, 1)
  t.match(refused.stderr, /cannot take back the denial of the key: .* \[DENIED_BY_FILE\]\n.*gateway\.deny/)
  await type('deny', 'add', 'key', id)
  t.equal((await type('deny', 'remove', 'key', id)).stdout, `The key ${id} is denied, by the deny file.\n`)
})

t.test('wrong usage is 2, a refusal is 1, help has examples', async (t) => {
  const { type } = await createConsole(t, { deny: stopOf(true) })
  for (const words of [
    ['add'],
    ['add', 'key'],
    ['add', 'host', 'a'],
    ['remove', 'key', id, 'more'],
    ['none'],
  ])
    t.equal((await type('deny', ...words)).code, 2, words.join(' '))
  const refused = await type('deny', 'add', 'prefix', 'hunter2 hunter2')
  t.equal(refused.code, 1)
  t.match(
    refused.stderr,
    /cannot deny the prefix: .*\[VALIDATION_FAILED\]\n {2}.*must be the beginning of a secret/,
  )
  t.notMatch(refused.stderr, 'hunter2')
  t.equal((await type('deny', 'remove', 'key', id)).code, 1)
  for (const verb of ['list', 'add', 'remove']) {
    const { code, stdout } = await type('deny', verb, '--help')
    t.equal(code, 0)
    t.match(stdout, new RegExp(`Example:\\n {2}\\$ latchkey deny ${verb}`))
  }
})
