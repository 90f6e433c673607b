// Something that changes what is there: one at a time, so that a double click is one click; what went wrong is kept for the
// page. What it brings goes to the caller alone: a secret must not lie in a cache.

import { useCallback, useEffect, useRef, useState } from 'react'

export interface Action<Input> {
  readonly run: (input: Input) => void
  readonly isRunning: boolean
  readonly fault: unknown
  readonly reset: () => void
}

export function useAction<Input, Output>(
  act: (input: Input) => Promise<Output>,
  done: (output: Output) => void,
): Action<Input> {
  const [state, setState] = useState<{ isRunning: boolean; fault: unknown }>({
    isRunning: false,
    fault: null,
  })
  const isRunning = useRef(false)
  const isThere = useRef(true)
  const latest = useRef({ act, done })
  latest.current = { act, done }
  useEffect(() => {
    isThere.current = true
    return () => {
      isThere.current = false
    }
  }, [])
  const run = useCallback((input: Input) => {
    if (isRunning.current) return
    isRunning.current = true
    setState({ isRunning: true, fault: null })
    const settle = (fault: unknown): void => {
      isRunning.current = false
      if (isThere.current) setState({ isRunning: false, fault })
    }
    latest.current.act(input).then(
      (output) => {
        settle(null)
        latest.current.done(output)
      },
      (fault: unknown) => settle(fault),
    )
  }, [])
  const reset = useCallback(() => setState((now) => ({ ...now, fault: null })), [])
  return { run, ...state, reset }
}
