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
  /** The server has no such stream. */
  readonly isMissing: boolean
}

const nothing: Tail = { rows: [], missed: 0, isLost: false, isMissing: false }

/** The newest first. While paused it counts, and keeps what is shown. */
export function useTail(accepts: (decision: Decision) => boolean, isPaused: boolean): Tail {
  const [tail, setTail] = useState<Tail>(nothing)
  const latest = useRef({ accepts, isPaused })
  latest.current = { accepts, isPaused }
  useEffect(() => {
    if (!isPaused) setTail((now) => ({ ...now, missed: 0 }))
  }, [isPaused])
  useEffect(() => {
    const source = new EventSource(`${basePath}admin/v1/events${queryText({})}`, { withCredentials: true })
    // One drawing for all that come within a moment.
    let waiting: Decision[] = []
    const timer = setInterval(() => {
      if (waiting.length === 0) return
      const fresh = waiting.toReversed()
      waiting = []
      setTail((now) =>
        latest.current.isPaused
          ? { ...now, missed: now.missed + fresh.length }
          : { rows: [...fresh, ...now.rows].slice(0, kept), missed: 0, isLost: false, isMissing: false },
      )
    }, 250)
    source.addEventListener('decision', (event: MessageEvent<string>) => {
      const decision = JSON.parse(event.data) as Decision
      if (latest.current.accepts(decision)) waiting.push(decision)
    })
    source.addEventListener('open', () => setTail((now) => ({ ...now, isLost: false })))
    source.addEventListener('error', () => {
      // An answer that is no stream ends it for good; a connection that was lost is tried again.
      const isMissing = source.readyState === EventSource.CLOSED
      setTail((now) => ({ ...now, isLost: true, isMissing: isMissing && now.rows.length === 0 }))
    })
    return () => {
      clearInterval(timer)
      source.close()
    }
  }, [])
  return tail
}
