// What the state of one instance means, in words, worst first.

import type { Readiness } from '../../api/instances.ts'
import { healthWords } from '../../words/health.ts'

export interface Worry {
  readonly tone: 'bad' | 'warn' | 'info'
  readonly text: string
  readonly detail?: string | undefined
}

const order = { bad: 0, warn: 1, info: 2 } as const
const text = healthWords.health.notes

export function worriesOf(state: Readiness): readonly Worry[] {
  const found: Worry[] = [...ofStores(state), ...ofFiles(state), ...ofProcess(state)]
  return found.toSorted((a, b) => order[a.tone] - order[b.tone])
}

function ofStores({ postgres, postgres_fault: fault, redis, cache_key: cacheKey }: Readiness): Worry[] {
  return [
    ...when(postgres === 'down', { tone: 'bad', text: text.postgres_down }),
    ...when(postgres === 'refused', { tone: 'bad', text: text.postgres_refused, detail: fault }),
    ...when(!['up', 'none'].includes(redis), { tone: 'warn', text: text.redis_down }),
    ...when(cacheKey !== undefined, { tone: 'warn', text: text.cacheKey }),
  ]
}

function ofFiles(state: Readiness): Worry[] {
  const stopped = Object.values(state.deny ?? {}).reduce((sum, count) => sum + count, 0)
  return [
    ...when(state.config_fault !== undefined, { tone: 'bad', text: text.config, detail: state.config_fault }),
    ...when(state.deny_fault !== undefined, { tone: 'bad', text: text.deny, detail: state.deny_fault }),
    ...(state.certificates ?? []).map((one): Worry => ({ tone: 'warn', text: one })),
    ...when(stopped > 0, { tone: 'info', text: text.denied(stopped) }),
  ]
}

function ofProcess({ log, gateway, workers, upstreams }: Readiness): Worry[] {
  const short = Object.entries(upstreams ?? {}).filter(([, one]) => one.available < one.targets)
  return [
    ...when(gateway === 'silent', { tone: 'bad', text: text.gateway }),
    ...when(log === 'dropping', { tone: 'warn', text: text.log }),
    ...(workers !== undefined && workers.serving < workers.wanted
      ? [{ tone: 'warn' as const, text: text.workers(workers.serving, workers.wanted) }]
      : []),
    ...short.map(
      ([name, { available, targets }]): Worry => ({
        tone: available === 0 ? 'bad' : 'warn',
        text: text.upstream(name, available, targets),
      }),
    ),
  ]
}

function when(isSo: boolean, worry: Worry): Worry[] {
  return isSo ? [worry] : []
}
