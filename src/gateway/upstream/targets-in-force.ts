// The targets of one upstream while a configuration is in force: those that it names, or the addresses of its names; each
// watched, if checks are wanted. What the configuration before had opened with the same goes on, and its standing with it.

import { isIP } from 'node:net'
import type { SecureContextOptions } from 'node:tls'
import type { Table, Upstream } from '../../config/compiled.ts'
import { hostFor } from '../../config/host-for.ts'
import { type Addresses, followAddresses, mostAddresses } from './addresses.ts'
import { certificateFiles, readCertificates } from './certificates.ts'
import { stampOfFiles } from './file-stamp.ts'
import { watchHealth } from './health.ts'
import type { Names } from './names.ts'
import type { UpstreamNews } from './news.ts'
import type { UpstreamRoom } from './room.ts'
import { type Opening, openedWith, openTarget, type Place, type Target } from './target.ts'
import { createTargets, type Targets, type Weighted } from './targets.ts'

export interface TargetsInForce extends Targets {
  /** Looks at what has to be looked at from now on. */
  begin(): void
  /** Another configuration is in force: looks at nothing any more. */
  stop(): void
  /** What is known of its names; undefined: nothing is asked of them here. */
  addresses(): Addresses | undefined
  /** The files of its connections as they were read; undefined: they were not. */
  certificates(): ReadFiles | undefined
}

interface ReadFiles {
  /** Which files they were, and as they stood then. */
  readonly stamp: string
  readonly options: SecureContextOptions
}

export interface TargetsDeps {
  readonly table: Table
  readonly names: Names
  readonly room: UpstreamRoom
  readonly news: UpstreamNews | undefined
  /** Those of the configuration before. */
  readonly before: TargetsInForce | undefined
}

/** How many targets it may have at once. */
export function mostTargets({ targets, resolve }: Upstream): number {
  const isOne = ({ origin }: { readonly origin: string }) =>
    resolve !== 'all' || isIP(nameIn(new URL(origin))) !== 0
  return targets.reduce((sum, target) => sum + (isOne(target) ? 1 : mostAddresses), 0)
}

/** Throws when a certificate file cannot be read. */
export function followTargets(
  upstream: Upstream,
  { table, names, room, news, before }: TargetsDeps,
): TargetsInForce {
  const { name, health } = upstream
  const stamp = stampOfFiles(certificateFiles(upstream))
  const { caFiles, clientCertificate } = upstream
  const filesStamp = JSON.stringify([caFiles, clientCertificate, stamp])
  // Another address may come long after the files have gone.
  let certificates = before?.certificates()
  if (certificates?.stamp !== filesStamp) certificates = undefined
  const opening: Opening = {
    ...{ upstream, names, room },
    certificates: () => (certificates ??= { stamp: filesStamp, options: readCertificates(upstream) }).options,
    changed: (target, reason) => news?.target(name, target, reason),
    onHold: (habit, milliseconds) => news?.notReused(name, habit, milliseconds),
  }
  let addresses = before?.addresses()
  const targets = createTargets(weighted(before?.all() ?? []))
  const watches = new Map<Target, () => void>()

  function weighted(known: readonly Weighted[]): Weighted[] {
    return placesOf(upstream, addresses).map(({ weight, ...place }) => {
      const opened = openedWith(upstream, place, stamp)
      const kept = known.find(({ target }) => target.opened === opened)?.target
      return { target: kept ?? openTarget(place, opened, opening), weight }
    })
  }

  function fieldsFor(target: Target): string {
    const host = hostFor(upstream, table, target.host)
    const own = upstream.headers.map(([field, value]) => `${field}: ${value}\r\n`).join('')
    return `host: ${host}\r\nuser-agent: latchkey-health\r\naccept: */*\r\n${own}`
  }

  function watch(): void {
    const all = new Set(targets.all().map(({ target }) => target))
    for (const [target, stop] of watches) {
      if (all.has(target)) continue
      stop()
      watches.delete(target)
    }
    for (const target of all) {
      if (watches.has(target)) continue
      // What checks of before made of it is of no account where there are none now.
      if (health === null) target.judge(undefined)
      else watches.set(target, watchHealth(target, { rules: health, fieldsFor }))
    }
  }

  /** Those that are gone finish what they have. Never throws: it is called by nobody who could do anything about it. */
  function moved(): void {
    const all = targets.all()
    let next: Weighted[]
    try {
      next = weighted(all)
    } catch (error) {
      news?.notMoved(name, error)
      return
    }
    targets.set(next)
    watch()
    for (const { target } of all)
      if (!next.some((one) => one.target === target)) void target.connections.close()
  }

  return {
    ...targets,
    begin() {
      targets.begin()
      watch()
      const hostnames = upstream.resolve === 'all' ? namesOf(upstream) : []
      if (hostnames.length > 0)
        addresses = followAddresses(hostnames, { names, before: addresses, changed: moved })
    },
    stop() {
      addresses?.stop()
      for (const stop of watches.values()) stop()
    },
    addresses: () => addresses,
    certificates: () => certificates,
  }
}

function namesOf({ targets }: Upstream): string[] {
  const names = targets.map(({ origin }) => nameIn(new URL(origin))).filter((name) => isIP(name) === 0)
  return [...new Set(names)]
}

function nameIn(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

interface WeightedPlace extends Place {
  readonly weight: number
}

/** By name, where no address of it is known yet. */
function placesOf(
  { targets, serverName, resolve }: Upstream,
  addresses: Addresses | undefined,
): WeightedPlace[] {
  return targets.flatMap(({ origin, weight }): WeightedPlace[] => {
    const url = new URL(origin)
    const name = nameIn(url)
    const { protocol, host, port } = url
    const origins = resolve === 'all' && isIP(name) === 0 ? (addresses?.of(name) ?? []) : []
    if (origins.length === 0) return [{ origin, host, serverName, foundBy: null, weight }]
    const behind = port === '' ? '' : `:${port}`
    return origins.map((address) => ({
      origin: `${protocol}//${isIP(address) === 6 ? `[${address}]` : address}${behind}`,
      host,
      serverName: serverName ?? name.replace(/\.$/, ''),
      foundBy: name,
      weight,
    }))
  })
}
