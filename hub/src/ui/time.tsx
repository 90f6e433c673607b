// Times as people say them, with the exact one and its zone for whoever wants it.

import { useSyncExternalStore } from 'react'
import { words } from '../words.ts'

const tickMs = 15_000
let nowMs = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    nowMs = Date.now()
    for (const one of listeners) one()
  }, tickMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Now, by steps of 15 seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs)
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'long' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })

const units = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const

export function relativeTime(ms: number, now: number): string {
  const seconds = Math.round((ms - now) / 1000)
  const ago = Math.abs(seconds)
  for (const [unit, size] of units) {
    if (ago >= size) return relative.format(Math.round(seconds / size), unit)
  }
  return ago < 20 ? words.common.justNow : relative.format(seconds, 'second')
}

export function exactTime(text: string): string {
  return exact.format(new Date(text))
}

export function dayOf(text: string): string {
  return day.format(new Date(text))
}

export function Time({ at, never = '—' }: { at: string | null | undefined; never?: string }) {
  const now = useNow()
  if (at === null || at === undefined) return <span className="text-ink-3">{never}</span>
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={exactTime(at)} className="whitespace-nowrap">
      {relativeTime(ms, Math.max(now, Date.now() - tickMs))}
      <span className="sr-only"> ({exactTime(at)})</span>
    </time>
  )
}
