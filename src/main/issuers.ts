// The outside issuers whose tokens this process takes: those of the configuration in force, their keys fetched before it is ready.

import { setTimeout as sleep } from 'node:timers/promises'
import { fetchKeys } from '../lookup/issuer/fetch-keys.ts'
import type { Issuers } from '../lookup/issuer/checked-token.ts'
import { createIssuers, type IssuersInForce } from '../lookup/issuer/issuers.ts'
import type { Logger } from '../telemetry/log.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import type { ConfigInForce } from './config-in-force.ts'
import type { Core } from './core.ts'
import type { Drain } from './drain.ts'

export interface IssuerParts {
  readonly core: Pick<Core, 'now' | 'monotonicNow'>
  readonly inForce: Pick<ConfigInForce, 'current' | 'follow'>
  readonly drain: Pick<Drain, 'last'>
  readonly metrics: Pick<Metrics, 'gauge' | 'counter'>
  readonly log: Pick<Logger, 'info' | 'warn'>
}

/** Nobody who starts waits longer for an issuer that does not answer. */
const firstTryMs = 5_000

/** Resolves when the keys of each issuer were tried to be had: an issuer that is away holds nobody up for longer than that. */
export async function openIssuers({ core, inForce, drain, metrics, log }: IssuerParts): Promise<Issuers> {
  const told = createTold(log)
  const issuers = createIssuers({
    ...{ fetch: fetchKeys, now: core.now, monotonicNow: core.monotonicNow, tried: told.tried },
  })
  addMetrics(metrics, issuers, told.failures)
  drain.last('issuers', async () => issuers.stop())
  const settings = () => [...inForce.current().table.apis.values()].flatMap(({ jwt }) => jwt ?? [])
  const follow = () => issuers.follow(settings())
  inForce.follow(() => void follow())
  await Promise.race([follow(), sleep(firstTryMs, undefined, { ref: false })])
  return issuers
}

/** The log has the first of the failures of an issuer, and that they are over. */
function createTold(log: IssuerParts['log']) {
  const failing = new Set<string>()
  let failures = 0
  return {
    failures: () => failures,
    tried(issuer: string, failure: string | undefined): void {
      if (failure === undefined) {
        if (failing.delete(issuer)) log.info({ issuer }, 'The keys of an outside issuer are there again')
        return
      }
      failures++
      if (failing.has(issuer)) return
      failing.add(issuer)
      log.warn({ issuer, reason: failure }, 'The keys of an outside issuer cannot be had')
    },
  }
}

function addMetrics(metrics: IssuerParts['metrics'], issuers: IssuersInForce, failures: () => number): void {
  metrics.gauge(
    'latchkey_issuer_keys_age_seconds',
    'For how long the keys of an outside issuer have not been confirmed; none: they never were',
    () =>
      Object.fromEntries(
        [...issuers.keySets().values()].flatMap((set) => {
          const ageMs = set.ageMs()
          return ageMs === undefined ? [] : [[set.issuer, ageMs / 1_000]]
        }),
      ),
    'max',
  )
  metrics.counter(
    'latchkey_issuer_fetches_failed_total',
    'Times that the keys of an outside issuer could not be had',
    failures,
  )
}
