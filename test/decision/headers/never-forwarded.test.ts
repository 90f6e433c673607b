import { readFileSync } from 'node:fs'
import t from 'tap'
import { foldHeaderName } from '../../../src/config/header-names.ts'
import { type Fate, judgeName } from '../../../src/decision/headers/forwarded-headers.ts'
import {
  nameMatcher,
  neverForwarded,
  ofProxies,
  otherIdentity,
  otherRequest,
} from '../../../src/decision/headers/never-forwarded.ts'

/** Rows of a table in a Markdown file, by its heading row: the first cell's names, and the second cell. */
function rowsOf(file: string, heading: string): { names: string[]; second: string }[] {
  const text = readFileSync(file, 'utf8')
  const start = text.indexOf(heading)
  if (start === -1) throw new Error(`${file} has no table ${heading}`)
  const lines = text.slice(start).split('\n').slice(2)
  return lines
    .slice(0, lines.indexOf(''))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, first = '', second = '']) => ({
      names: [...first.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      second,
    }))
}

/** As a list has it: folded but for its star. */
const listed = (name: string) => foldHeaderName(name.replace('*', '0')).replace('0', '*')

t.test('a star stands for any end or beginning', async (t) => {
  const matches = nameMatcher(['a-*', '*-z', 'exact', 'bare*'])
  for (const name of ['a-', 'a-b', 'b-z', '-z', 'exact', 'bare', 'bared']) t.ok(matches(name), name)
  for (const name of ['a', 'z', 'b-zz', 'exactly', 'bar']) t.notOk(matches(name), name)
})

t.test('docs/compatibility.md has the names that others read, each once, and no others', async (t) => {
  const rows = rowsOf('docs/compatibility.md', '| name | kind |')
  const ofKind = (kind: string) =>
    rows.flatMap((row) => (row.second === kind ? row.names.map(listed) : [])).toSorted()
  t.same(ofKind('another request'), otherRequest.toSorted())
  t.same(ofKind('another identity'), otherIdentity.toSorted())
  t.same(ofKind('of proxies'), ofProxies.toSorted())
})

t.test('what the README says of a name is its fate', async (t) => {
  const none = new Set<string>()
  const fates: Record<string, Fate> = {}
  for (const { names, second } of rowsOf('README.md', '| never forwarded (')) {
    const expected = second.startsWith('unless a trusted proxy') ? 'trusted' : 'never'
    for (const name of names) {
      fates[name] = expected
      const folded = foldHeaderName(name.replaceAll('*', 'any'))
      // The credentials are also those that are configured.
      const isCredential = ['Authorization', 'forward_authorization: true', 'Connection'].includes(name)
      if (!isCredential) t.equal(judgeName(folded, none), expected, name)
    }
  }
  const named = nameMatcher(Object.keys(fates).map(listed))
  for (const name of ['script-name', 'path-info', 'x-script-name', 'remote-user', 'x-client-id', 'x-user-id'])
    t.ok(named(name), `the README has ${name}`)
})

t.test('each name of the contract has its fate, in every spelling', async (t) => {
  const never =
    'X-Latchkey-Any Proxy Proxy-Any X-HTTP-Method X-HTTP-Method-Override X-Method-Override X-Original-Any X-Rewrite-Any ' +
    'X-Replaced-Path X-Envoy-Original-Path X-Accel-Any X-Auth-Request-Any X-Remote-User Remote-User X-WebAuth-User ' +
    'Script-Name Path-Info X-Script-Name X-Client-Id X-User-Id Expect TE Upgrade Keep-Alive X-Api-Key'
  const trusted =
    'Forwarded X-Forwarded-Any X-Forwarded-Prefix X-Real-IP True-Client-IP Any-Client-IP CF-Connecting-IP CF-Connecting-IPv6'
  const spellings = [(name: string) => name, (name: string) => name.toUpperCase().replaceAll('-', '_')]
  for (const spell of spellings) {
    for (const name of never.split(' ')) {
      t.equal(judgeName(foldHeaderName(spell(name)), new Set()), 'never', spell(name))
    }
    for (const name of trusted.split(' ')) {
      t.equal(judgeName(foldHeaderName(spell(name)), new Set()), 'trusted', spell(name))
    }
  }
  for (const name of ['accept', 'cookie', 'idempotency-key', 'x-path', 'user', 'x-consumer', 'x-remote'])
    t.equal(judgeName(name, new Set()), 'pass', name)
})

t.test('no name stands in two lists', async (t) => {
  const all = [...neverForwarded, ...otherRequest, ...otherIdentity, ...ofProxies]
  const twice = all.filter((name, i) => all.indexOf(name) !== i)
  t.same(twice, [])
})
