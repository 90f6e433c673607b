// Certificates of a process: which of them it serves, and to whom.

import type { Table } from '../config/compiled.ts'
import type { ControlTls } from '../control/tls.ts'
import type { TlsSources } from '../gateway/listener/tls.ts'
import { type CertificatesInForce, createCertificatesInForce } from './certificates-in-force.ts'
import type { Role } from './core.ts'
import type { Parts } from './parts.ts'
import type { Place } from './plan.ts'
import { createTicketKeys } from './ticket-keys.ts'

/** Of a process that serves the gateway or speaks for those that do, and of one with a control port; null: it has none. */
export function openCertificates(
  { config, inForce, log, metrics }: Pick<Parts, 'config' | 'inForce' | 'log' | 'metrics'>,
  role: Role,
  place: Place = 'alone',
): CertificatesInForce | null {
  const { gateway, control } = config.settings
  // Workers have no control port.
  const controlTls = place === 'worker' ? null : control.tls
  const isServing = role !== 'control'
  if (!isServing && controlTls === null) return null
  return createCertificatesInForce({
    tls: isServing ? gateway.tls : null,
    controlTls,
    upstreams: () =>
      isServing ? [...inForce.current().upstreams.all()].map(({ settings }) => settings) : [],
    hosts: () => hostsOf(inForce.current().table),
    isTelling: place !== 'worker',
    now: Date.now,
    log,
    metrics,
  })
}

function hostsOf({ apis }: Table): string[] {
  const environments = [...apis.values()].flatMap((api) => api.environments)
  return [...new Set(environments.flatMap(({ hosts }) => hosts))]
}

/** Of the gateway; null: it speaks plain HTTP. */
export function tlsOf({ certificates, ticketKeys, drain }: Parts): TlsSources | null {
  const pair = certificates?.pair ?? null
  if (pair === null) return null
  if (ticketKeys !== undefined) return { pair, ticketKeys }
  const own = createTicketKeys()
  drain.last('ticket keys', () => Promise.resolve(own.stop()))
  return { pair, ticketKeys: own }
}

/** Of the control port; null: it speaks plain HTTP. */
export function controlTlsOf({ config, certificates }: Parts): ControlTls | null {
  const { tls } = config.settings.control
  const pair = certificates?.controlPair ?? null
  if (tls === null || pair === null) return null
  const { handshakeTimeoutMs } = config.settings.gateway.limits
  const { ciphers, asksClients } = tls
  return { current: pair.current, follow: pair.follow, ciphers, asksClients, handshakeTimeoutMs }
}
