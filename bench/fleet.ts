// The servers of a run, started when a scenario first asks for them and kept for the scenarios after it.

import type { Bench, Server } from './bench.ts'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { type PeerName, startPeer } from './peers.ts'

export interface Fleet {
  /** Latchkey in its normal configuration. */
  latchkey(): Promise<Gateway>
  /** The same over TLS, on the same stores. */
  latchkeyTls(): Promise<Gateway>
  /** The same with other options, on the same stores. */
  variant(options: GatewayOptions): Promise<Gateway>
  /** undefined: it is not installed. */
  peer(name: PeerName): Promise<Server | undefined>
  /** One for a single scenario; its end is for `stop`. */
  extra(options: GatewayOptions): Promise<Gateway>
  stop(...gateways: readonly Gateway[]): Promise<void>
}

/** Nothing is started yet. */
export function createFleet(bench: Bench): Fleet {
  const gateways = new Map<string, Promise<Gateway>>()
  const peers = new Map<PeerName, Promise<Server | undefined>>()

  const kept = (options: GatewayOptions): Promise<Gateway> => {
    const known = gateways.get(options.name) ?? startGateway(bench, options)
    gateways.set(options.name, known)
    return known
  }
  const latchkey = () => kept({ name: 'latchkey' })
  const variant = async (options: GatewayOptions): Promise<Gateway> => {
    const { database } = await latchkey()
    return kept({ ...options, database })
  }
  return {
    latchkey,
    latchkeyTls: () => variant({ name: 'latchkey-tls', isTls: true }),
    variant,
    async peer(name) {
      const known = peers.get(name) ?? startPeer(bench, name)
      peers.set(name, known)
      // For the one that asks Redis: the key that all requests carry.
      if (name === 'nginx-lua')
        await bench.stores.setInRedis(`bench:${await (await latchkey()).key()}`, 'mer_1')
      return known
    },
    extra: (options) => startGateway(bench, options),
    async stop(...all) {
      for (const { child } of all) await child.stop()
    },
  }
}
