import t from 'tap'
import { type DenyKind, nothingDenied } from '../../src/config/deny.ts'
import { Secret } from '../../src/credentials/secret.ts'
import { createDenyList, type DenyList } from '../../src/decision/deny-list.ts'
import {
  refuseDeniedCaller,
  refuseDeniedClient,
  refuseDeniedPrefix,
} from '../../src/decision/refuse-denied.ts'
import { matchRoute } from '../../src/decision/route.ts'
import { accessOf, loadDemo, principalOf } from '../gateway/subject.ts'

function listOf(of: Partial<Record<DenyKind, readonly string[]>>): DenyList {
  const entries = Object.entries(of).map(([kind, values]) => [kind, new Set(values)])
  const list = createDenyList({ ...nothingDenied, ...Object.fromEntries(entries) })
  if (list === null) throw new Error('It denies nothing')
  return list
}

t.test('nothing denied is no list at all', async (t) => {
  t.equal(createDenyList(nothingDenied), null)
})

t.test('a client is found by its address and by its block, in every spelling', async (t) => {
  const list = listOf({ client: ['192.0.2.1', '198.51.100.0/24', '2001:db8::1', '2001:db8:1::/48'] })
  for (const address of [
    '192.0.2.1',
    '198.51.100.255',
    '2001:db8::1',
    '2001:DB8:0:0:0:0:0:1',
    '2001:db8:1:ffff::1',
    '::ffff:192.0.2.1',
    '::ffff:c000:201',
    '2001:db8::1%eth0',
  ])
    t.equal(list.hasClient(address), true, address)
  for (const address of [
    '192.0.2.2',
    '198.51.101.0',
    '2001:db8::2',
    '2001:db8:2::',
    '::1',
    '',
    'x',
    'fe80::1%eth0',
  ])
    t.equal(list.hasClient(address), false, address)
  t.equal(listOf({ client: ['192.0.2.1'] }).hasClient('192.0.2.2'), false)
  t.equal(listOf({ key: ['key_a'] }).hasClient('192.0.2.1'), false)
})

t.test('a denied permission is held by nobody; what is left is worked out once', async (t) => {
  const { grant } = principalOf({ permissions: ['a', 'b', 'c'] })
  const list = listOf({ permission: ['b', 'z'] })
  const less = list.withheld(grant)
  t.match(less, { held: new Set(['a', 'c']), permissionsHeader: 'a,c' })
  t.equal(list.withheld(grant), less)
  t.equal(listOf({ permission: ['z'] }).withheld(grant), grant)
  t.equal(listOf({ key: ['key_a'] }).withheld(grant), grant)
})

t.test('the stages refuse with one same answer, and a reason of their own', async (t) => {
  const config = await loadDemo()
  const denied = listOf({
    key: ['key_denied'],
    merchant: ['mer_denied'],
    prefix: ['pk_live_bad'],
    client: ['192.0.2.1'],
  })
  const access = { ...accessOf(config, { target: '/v1/transactions/1' }), denied }
  t.match(refuseDeniedClient(access), { code: 'INVALID_API_KEY', reason: 'denied_client' })
  t.equal(refuseDeniedClient({ ...access, client: '192.0.2.2' }), undefined)

  t.equal(refuseDeniedPrefix(access), undefined, 'no key, nothing to compare')
  const keyed = { ...access, credential: new Secret('pk_live_bad0') }
  t.match(refuseDeniedPrefix(keyed), { code: 'INVALID_API_KEY', reason: 'denied_prefix' })
  t.equal(refuseDeniedPrefix({ ...keyed, credential: new Secret('pk_live_good') }), undefined)

  t.equal(refuseDeniedCaller(access), undefined, 'a public route has no caller')
  matchRoute(access)
  for (const [of, reason] of [
    [{ keyId: 'key_denied' }, 'denied_key'],
    [{ merchantId: 'mer_denied' }, 'denied_merchant'],
  ] as const) {
    const verdict = refuseDeniedCaller({ ...access, principal: principalOf(of) })
    t.match(verdict, { code: 'INVALID_API_KEY', reason })
  }
  t.equal(refuseDeniedCaller({ ...access, principal: principalOf() }), undefined)
})

t.test(
  'for want of a denied permission: the reason says so only where the key really holds it',
  async (t) => {
    const denied = listOf({ permission: ['transaction.read'] })
    const access = { ...accessOf(await loadDemo(), { target: '/v1/transactions/1' }), denied }
    matchRoute(access)
    const holder = {
      ...access,
      principal: principalOf({ permissions: ['transaction.read', 'transaction.search'] }),
    }
    t.match(refuseDeniedCaller(holder), {
      code: 'INSUFFICIENT_PERMISSIONS',
      reason: 'denied_permission',
      required: ['transaction.read'],
    })
    t.equal(holder.principal.grant.permissionsHeader, 'transaction.search')
    const other = { ...access, principal: principalOf({ permissions: ['transaction.search'] }) }
    t.equal(refuseDeniedCaller(other), undefined, 'authorize refuses it, as it always would')
  },
)

t.test('while nothing is denied no stage does anything', async (t) => {
  const access = { ...accessOf(await loadDemo()), credential: new Secret('x'), principal: principalOf() }
  for (const stage of [refuseDeniedClient, refuseDeniedPrefix, refuseDeniedCaller])
    t.equal(stage(access), undefined)
})
