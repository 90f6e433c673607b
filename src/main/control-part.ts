// The control plane of a process: admin API, hub, authorization server, probes and metrics; of a gateway alone, the last two.

import { createControlServer } from '../control/server.ts'
import type { Change } from '../store/change-table.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { createIds } from '../telemetry/request-id.ts'
import { createExplain } from './explain.ts'
import { openHubPart } from './hub-parts.ts'
import { boundConnections, listen } from './listen.ts'
import { openOauthPart } from './oauth-part.ts'
import type { Parts } from './parts.ts'
import type { PortWatch } from './port-watch.ts'
import { healthOf } from './readiness.ts'
import { controlTlsOf } from './tls-part.ts'
import type { Workers } from './workers.ts'

/** Resolves with its port when that is open; rejects with a StartError. */
export async function openControl(parts: Parts): Promise<number> {
  const { config, core, metrics, log, drain, tokens, plan, inForce, deny } = parts
  const { workers, port, descriptors, webhooks } = parts
  const newId = createIds(Date.now)
  const table = () => inForce.current().table
  const { hub: hubSettings } = config.settings
  const hub =
    plan.admin && hubSettings
      ? openHubPart(hubSettings, {
          ...{ ...parts, db: core.db, now: core.now, table },
          gateway: config.settings.gateway,
        })
      : null
  drain.last('mail', async () => hub?.stop())
  const published = (change: Change) => {
    core.publish(change)
    webhooks.kick()
  }
  const { hosts, host, mtlsUrl } = config.settings.control
  const app = createControlServer({
    db: plan.admin ? core.db : null,
    hub,
    table,
    tokens: tokens.current,
    adminFrom: config.settings.control.adminFrom,
    hosts: [...hosts, host, ...(mtlsUrl === null ? [] : [new URL(mtlsUrl).hostname])],
    tls: controlTlsOf(parts),
    trustedProxies: config.settings.control.trustedProxies,
    clientCertHeader: config.settings.control.clientCertHeader,
    publicUrl: config.settings.control.publicUrl ?? hubSettings?.publicUrl ?? null,
    scanners: config.settings.control.scanners,
    hasAuditSink: config.settings.control.auditSink !== null,
    refused: metrics.adminRefused,
    now: core.now,
    newId,
    published,
    oauth: openOauthPart({
      ...{
        db: core.db,
        hub: plan.admin ? hubSettings : null,
        control: config.settings.control,
        now: core.now,
        sealing: webhooks.sealing,
        table,
        newId,
        published,
        log,
        fetch: webhooks.get,
      },
      awaitAll: core.acknowledgement.awaitAll,
    }),
    webhooks,
    awaitAll: core.acknowledgement.awaitAll,
    isRedisBehind: core.isRedisBehind,
    instances: core.acknowledgement.instances,
    instanceId: core.instanceId,
    deny: deny.stop,
    denyBehind: deny.behind,
    health: () => healthOf(parts),
    explain: createExplain(config, table),
    live: parts.live.desk,
    metrics: async () => metrics.text(await workers?.metrics(metrics.isKept)),
    metricsContentType: metrics.contentType,
    log,
  })
  boundConnections(app, descriptors.control)
  if (workers !== undefined) addWorkerMetrics(metrics, workers, port)
  drain.control(app)
  return listen(app, config.settings.control, 'control')
}

function addWorkerMetrics(metrics: Metrics, workers: Workers, port: PortWatch | undefined): void {
  metrics.states(
    'latchkey_workers',
    'Worker processes by state; wanted: how many should serve',
    workers.states,
  )
  metrics.counter('latchkey_workers_lost_total', 'Workers that died or could not start', workers.lost)
  if (port === undefined) return
  metrics.gauge(
    'latchkey_gateway_port_answers',
    '1 while the port of the gateway answers the process itself',
    () => ({ port: Number(port.isAnswering()) }),
    'min',
  )
}
