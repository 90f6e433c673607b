// What a process tells the others of itself with each beat: the same that its own /readyz says.

import type { Degraded, InstanceState } from '../../store/instance-table.ts'
import type { Health } from '../dependencies.ts'

/** Of a fault in a file, the first lines tell enough. */
const longestDetail = 500
const mostReasons = 20

export function instanceStateOf(health: Health): InstanceState {
  return {
    tableSha256: health.tableSha256,
    redis: redisOf(health.redis),
    degraded: degradedOf(health).slice(0, mostReasons),
  }
}

function redisOf(word: string): InstanceState['redis'] {
  return word === 'up' || word === 'degraded' || word === 'none' ? word : 'down'
}

function degradedOf(health: Health): Degraded[] {
  const {
    gateway,
    workers,
    configFault,
    denyFault,
    certificates = [],
    log,
    cacheKey,
    upstreams = {},
  } = health
  const found: Degraded[] = []
  const add = (reason: Degraded['reason'], detail: string | null = null) =>
    found.push({ reason, detail: detail?.slice(0, longestDetail) ?? null })
  if (gateway === 'silent') add('gateway_silent')
  if (workers !== undefined && workers.serving < workers.wanted)
    add('workers_missing', `${workers.serving} of ${workers.wanted} serve`)
  if (cacheKey === 'apart') add('cache_keys_apart')
  if (configFault !== undefined) add('config_fault', configFault)
  if (denyFault !== undefined) add('deny_fault', denyFault)
  if (log === 'dropping') add('log_dropping')
  for (const note of certificates) add('certificate', note)
  for (const [name, { targets, available }] of Object.entries(upstreams)) {
    if (available < targets)
      add('upstream_unavailable', `${name}: ${available} of ${targets} targets get requests`)
  }
  return found
}
