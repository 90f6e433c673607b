// Contract 4.

import * as fc from 'fast-check'
import t from 'tap'
import {
  type KeyAction,
  keyActions,
  keyTransition,
  keyTransitions,
  type MerchantAction,
  merchantActions,
  merchantTransition,
} from '../../src/credentials/lifecycle.ts'
import { type KeyStatus, keyStatuses, merchantStatuses } from '../../src/credentials/record.ts'

const keyVerbs = Object.keys(keyActions) as KeyAction[]
const merchantVerbs = Object.keys(merchantActions) as MerchantAction[]

/** The status after an action, whatever the outcome. */
function after(status: KeyStatus, action: KeyAction): KeyStatus {
  const transition = keyTransition(status, action)
  return transition.kind === 'changed' ? transition.to : status
}

void t.test('whatever is done to a key, it only moves along the table', async () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...keyVerbs)), (actions) => {
      let status: KeyStatus = 'active'
      for (const action of actions) {
        const next = after(status, action)
        const allowed: readonly KeyStatus[] = keyTransitions[status]
        if (next !== status && !allowed.includes(next)) return false
        status = next
      }
      return true
    }),
  )
})

void t.test('once revoked, a key stays revoked', async () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...keyVerbs)),
      fc.array(fc.constantFrom(...keyVerbs)),
      (before, later) => {
        const revoked = after(before.reduce<KeyStatus>(after, 'active'), 'revoke')
        return revoked === 'revoked' && later.reduce(after, revoked) === 'revoked'
      },
    ),
  )
})

void t.test('revoking is final, and its undoing is refused rather than ignored', async (t) => {
  t.same(keyTransition('revoked', 'enable'), { kind: 'refused' })
  t.same(keyTransition('revoked', 'disable'), { kind: 'refused' })
  t.same(keyTransition('revoked', 'revoke'), { kind: 'unchanged' })
  t.same(keyTransitions.revoked, [])
})

void t.test(
  'a key that is not revoked can be put into every status; repeating changes nothing',
  async (t) => {
    for (const status of keyStatuses.filter((one) => one !== 'revoked')) {
      for (const action of keyVerbs) {
        const to = keyActions[action]
        const expected = to === status ? { kind: 'unchanged' } : { kind: 'changed', to }
        t.same(keyTransition(status, action), expected, `${action} when ${status}`)
      }
    }
  },
)

void t.test('a merchant goes both ways, and a repeat changes nothing', async (t) => {
  for (const status of merchantStatuses) {
    for (const action of merchantVerbs) {
      const to = merchantActions[action]
      const expected = to === status ? { kind: 'unchanged' } : { kind: 'changed', to }
      t.same(merchantTransition(status, action), expected, `${action} when ${status}`)
    }
  }
})
