// What happens now, as the server tells it: decisions, sampled, and changes of keys.

import { useEffect, useRef, useState } from 'react'
import { basePath } from '../router.tsx'
import { queryText } from './call.ts'

export interface Decision {
  readonly at: string
  readonly request_id: string
  readonly api: string
  readonly environment: string
  readonly route: string
  readonly merchant_id: string | null
  readonly key_id: string | null
  readonly decision: string
  readonly code: string | null
  readonly status: number
  readonly gateway_ms: number
}

const kept = 100

export interface Tail {
  readonly rows: readonly Decision[]
  /** Since it was paused. */
  readonly missed: number
  readonly isLost: boolean
}

const nothing: Tail = { rows: [], missed: 0, isLost: false }
const againMs = 10_000

/** Those of one environment, and of one merchant unless it is null; the newest first. While paused it counts, and keeps what is shown. */
export function useTail(merchantId: string | null, environment: string, isPaused: boolean): Tail {
  const [tail, setTail] = useState<Tail>(nothing)
  const latest = useRef(isPaused)
  latest.current = isPaused
  useEffect(() => {
    if (!isPaused) setTail((now) => ({ ...now, missed: 0 }))
  }, [isPaused])
  useEffect(() => {
    setTail(nothing)
    // One drawing for all that come within a moment.
    let waiting: Decision[] = []
    const timer = setInterval(() => {
      if (waiting.length === 0) return
      const fresh = waiting.toReversed()
      waiting = []
      setTail((now) =>
        latest.current
          ? { ...now, missed: now.missed + fresh.length }
          : { ...now, rows: [...fresh, ...now.rows].slice(0, kept), missed: 0 },
      )
    }, 250)
    const close = openStream(merchantId, {
      decided: (decision) => {
        if (decision.environment === environment) waiting.push(decision)
      },
      changed: (isLost) => setTail((now) => ({ ...now, isLost })),
    })
    return () => {
      clearInterval(timer)
      close()
    }
  }, [merchantId, environment])
  return tail
}

interface Listener {
  readonly decided: (decision: Decision) => void
  readonly changed: (isLost: boolean) => void
}

/** Gives how to end it. */
function openStream(merchantId: string | null, { decided, changed }: Listener): () => void {
  let source: EventSource
  let again: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    source = new EventSource(`${basePath}admin/v1/events${queryText({ merchant_id: merchantId })}`, {
      withCredentials: true,
    })
    source.addEventListener('decision', (event: MessageEvent<string>) => {
      decided(JSON.parse(event.data) as Decision)
    })
    source.addEventListener('open', () => changed(false))
    source.addEventListener('error', () => {
      changed(true)
      // A connection that was lost the browser opens again by itself; after an answer that is no stream it does not.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, againMs)
    })
  }
  open()
  return () => {
    clearTimeout(again)
    source.close()
  }
}
