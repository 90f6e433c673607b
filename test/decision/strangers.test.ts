// Whom a refusal waits for.

import t from 'tap'
import { type Denial, deny } from '../../src/errors/denial.ts'
import { boundStrangers, isGuess, pacerOf } from '../../src/decision/strangers.ts'
import { loadDemo, principalOf, accessOf } from '../gateway/subject.ts'

const config = await loadDemo()
const { limits } = config.settings.gateway
const strangers = boundStrangers(
  limits,
  () => 0,
  () => {},
)
const { asked, unasked } = strangers.pacers

t.test('all that is refused of who has no known key waits, dear ones more', (t) => {
  const stranger = accessOf(config)
  for (const denial of [
    deny('BAD_REQUEST', 'repeated_host'),
    deny('UNKNOWN_HOST', 'unknown_host'),
    deny('MISSING_API_KEY', 'missing'),
    deny('INVALID_API_KEY', 'malformed'),
    deny('TOO_MANY_REQUESTS', 'failed_lookups'),
  ] satisfies Denial[]) {
    t.equal(pacerOf(strangers, stranger, denial), unasked, denial.reason)
  }
  const unknown = deny('INVALID_API_KEY', 'unknown')
  t.equal(pacerOf(strangers, { ...stranger, tier: 'postgres' }, unknown), asked)
  t.equal(pacerOf(strangers, { ...stranger, tier: 'memory' }, unknown), unasked)
  const over = deny('TOO_MANY_REQUESTS', 'failed_lookups')
  t.equal(pacerOf(strangers, { ...stranger, tier: 'postgres' }, over), asked)
  t.end()
})

t.test('who has a known key waits for nothing, and nobody for what the gateway cannot do', (t) => {
  const customer = { ...accessOf(config), principal: principalOf() }
  t.equal(pacerOf(strangers, customer, deny('INVALID_API_KEY', 'expired')), undefined)
  t.equal(
    pacerOf(strangers, customer, deny('INSUFFICIENT_PERMISSIONS', 'insufficient_permissions')),
    undefined,
  )
  t.equal(pacerOf(strangers, accessOf(config), deny('OVERLOADED', 'in_flight')), undefined)
  t.equal(pacerOf(strangers, accessOf(config), deny('AUTH_UNAVAILABLE', 'postgres_unavailable')), undefined)
  t.end()
})

t.test('a guess is a key that may have been looked up', (t) => {
  t.ok(isGuess(deny('INVALID_API_KEY', 'unknown')))
  t.ok(isGuess(deny('TOO_MANY_REQUESTS', 'failed_lookups')))
  t.notOk(isGuess(deny('INVALID_API_KEY', 'malformed')))
  t.end()
})
