// The gateway of a process: its server, and what it records of each request.

import { createActivityRecorder } from '../gateway/record/activity.ts'
import { type AddressRecorder, createAddressRecorder } from '../gateway/record/addresses.ts'
import { createRequestKeeper, type RequestKeeper } from '../gateway/record/kept-requests.ts'
import { createGateway } from '../gateway/server.ts'
import { addKeyAddresses } from '../store/keys/key-address-table.ts'
import { createIds } from '../telemetry/request-id.ts'
import { createActivitySink } from './activity-sink.ts'
import { openIssuers } from './issuers.ts'
import { listen } from './listen.ts'
import type { Parts } from './parts.ts'
import { openProofs } from './proofs.ts'
import { openQuotas } from './quotas.ts'
import { openLimiter } from './rate-limits.ts'
import { createRequestSink } from './request-sink.ts'
import { tlsOf } from './tls-part.ts'
import { toldOnce } from './told-once.ts'
import { addUpstreamMetrics } from './upstream-figures.ts'
import { failAlone } from './worker-channel.ts'

/** Resolves with its port when that is open; rejects with a StartError. */
export async function openGateway(parts: Parts): Promise<number> {
  const { config, core, metrics, log, drain, inForce, deny, orphaned } = parts
  const { settings } = config
  let untimed = 0
  const activity = createActivityRecorder({
    sink: createActivitySink(core.db, log),
    now: core.now,
    dropped: metrics.activityDropped,
    untimed: () => void untimed++,
  })
  metrics.counter(
    'latchkey_answers_untimed_total',
    'Answers of which it is not recorded how long they took, as too many keys were used at once',
    () => untimed,
  )
  metrics.gauge('latchkey_activity_waiting', 'Rows of activity not yet stored', () => ({
    rows: activity.waiting(),
  }))
  const requests = openRequestKeeper(parts)
  addUpstreamMetrics(metrics, () => inForce.current().upstreams)
  const limiter = openLimiter(parts)
  const addresses = openAddresses(parts)
  const app = await createGateway({
    settings,
    connections: parts.descriptors.connections,
    probe: parts.probe ?? null,
    inForce: inForce.current,
    candidate: inForce.candidate,
    logPaths: inForce.logPaths,
    denied: deny.current,
    tls: tlsOf(parts),
    lookup: core.lookup,
    issuers: await openIssuers(parts),
    limiter,
    quotas: openQuotas(parts),
    proofs: openProofs(parts),
    isReady: () => core.state().canDecide && !drain.isLeaving,
    activity,
    addresses,
    requests,
    live: parts.live.source,
    metrics,
    log,
    drain,
    now: core.now,
    newId: createIds(Date.now),
  })
  drain.last('activity', async () => {
    activity.stop()
    await activity.flush()
  })
  drain.server(app)
  const listening = listen(app, settings.gateway, 'gateway')
  return orphaned === undefined ? listening : Promise.race([listening, orphaned.then(failAlone)])
}

/** Flushed behind the last request. */
function openAddresses({ core, log, drain }: Parts): AddressRecorder {
  const tell = toldOnce(log, 'Where keys are used from cannot be stored')
  const addresses = createAddressRecorder({
    sink: (seen, nowMs) => tell(() => addKeyAddresses(core.db, seen, nowMs)),
    now: core.now,
  })
  drain.last('addresses', async () => {
    addresses.stop()
    await addresses.flush()
  })
  return addresses
}

/** Flushed behind the last request. */
function openRequestKeeper({ core, log, metrics, drain }: Parts): RequestKeeper {
  const monotonicNow = () => performance.now()
  const keeper = createRequestKeeper({ sink: createRequestSink(core.db, log), now: core.now, monotonicNow })
  metrics.counter(
    'latchkey_requests_not_kept_total',
    'Requests to be found by their id that were too many, or could not be stored',
    keeper.notKept,
  )
  metrics.gauge('latchkey_requests_waiting', 'Requests to be found by their id, not yet stored', () => ({
    rows: keeper.waiting(),
  }))
  drain.last('requests', async () => {
    keeper.stop()
    await keeper.flush()
  })
  return keeper
}
