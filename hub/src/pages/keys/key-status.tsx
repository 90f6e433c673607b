import { isHeld, oldSecretOf, stateOf } from '../../api/keys.ts'
import type { Key } from '../../api/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'

const faces = {
  active: { tone: 'good', icon: undefined },
  disabled: { tone: 'warn', icon: 'pause' },
  revoked: { tone: 'plain', icon: 'cross' },
  expired: { tone: 'plain', icon: 'clock' },
} as const

export function KeyStatus({ one }: { one: Key }) {
  const nowMs = useNow()
  const state = stateOf(one, nowMs)
  const { tone, icon } = faces[state]
  const isRotating = state !== 'revoked' && oldSecretOf(one, nowMs) !== undefined
  return (
    <span className="flex flex-wrap gap-1">
      <Badge tone={tone} {...(icon && { icon })}>
        {words.keys.status[state]}
      </Badge>
      {isRotating && (
        <Badge tone="accent" icon="rotate">
          {words.keys.rotating}
        </Badge>
      )}
      {state !== 'revoked' && one.brakes?.some(isHeld) === true && (
        <Badge tone="warn" icon="alert">
          {words.brakes.held}
        </Badge>
      )}
      {one.exposed_at && state !== 'revoked' && (
        <Badge tone="bad" icon="alert">
          {words.keys.exposed}
        </Badge>
      )}
    </span>
  )
}
