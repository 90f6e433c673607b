// Why a key does not work as one would expect: its status, a secret that stands in public, brakes that hold it.

import { isHeld, stateOf } from '../../api/keys.ts'
import type { Brake, Key } from '../../api/types.ts'
import { Button } from '../../ui/button.tsx'
import { Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { words } from '../../words.ts'

interface StateProps {
  readonly one: Key
  readonly nowMs: number
  /** null: it is not the reader's to release. */
  readonly release: (() => void) | null
}

export function StateNotice({ one, nowMs, release }: StateProps) {
  const state = stateOf(one, nowMs)
  const brakes = state === 'revoked' ? [] : (one.brakes ?? [])
  const first = brakes.find(isHeld)
  const isBraked = brakes.some((brake) => isHeld(brake) && brake.action === 'disable')
  return (
    <div className="mb-6 flex flex-col gap-2 empty:hidden">
      {one.exposed_at && state !== 'revoked' && <Notice tone="bad">{words.key.stateExposed}</Notice>}
      {brakes.map((brake) => (
        <BrakeNotice key={brake.name} brake={brake} release={brake === first ? release : null} />
      ))}
      {state === 'disabled' && !isBraked && <Notice tone="warn">{words.key.stateDisabled}</Notice>}
      {state === 'revoked' && <Notice tone="info">{words.key.stateRevoked}</Notice>}
      {state === 'expired' && <Notice tone="warn">{words.key.stateExpired}</Notice>}
    </div>
  )
}

/** One call releases all, so one button does. */
function BrakeNotice({ brake, release }: { brake: Brake; release: (() => void) | null }) {
  const text = words.brakes
  return (
    <Notice
      tone={isHeld(brake) ? 'warn' : 'info'}
      title={text.did[brake.action](brake.name)}
      action={release && <Button onClick={release}>{text.release}</Button>}
    >
      {text.since} <Time at={brake.pulled_at} />. {text.about[brake.action]}
    </Notice>
  )
}
