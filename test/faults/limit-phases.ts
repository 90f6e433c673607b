// What may happen to Redis and to instances while limits count.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProxyMode } from '../support/tcp-proxy.ts'
import type { Instance, Stores } from './cluster.ts'
import { untilReady } from './cluster.ts'

/** Instances are replaced in it where they are. */
export interface Fleet {
  readonly stores: Stores
  readonly instances: Instance[]
}

export interface Phase {
  readonly name: string
  /** Instances that go on without Redis. */
  readonly isAlone?: boolean
  /** Connections may end without an answer. */
  readonly losesConnections?: boolean
  begin(fleet: Fleet): Promise<unknown>
  /** Once in ten seconds. */
  again?(fleet: Fleet): Promise<unknown>
}

const setAll = (mode: ProxyMode) => (fleet: Fleet) =>
  Promise.all(fleet.instances.map(({ redis }) => redis.set(mode)))

const up: Phase = { name: 'Redis up', begin: setAll('pass') }
const away: Phase = { name: 'Redis away', isAlone: true, begin: setAll('refuse') }
const back: Phase = { name: 'Redis back', begin: setAll('pass') }

export const shortPhases: readonly Phase[] = [up, away]

export const longPhases: readonly Phase[] = [
  up,
  {
    name: 'Redis killed every 10 s',
    begin: setAll('pass'),
    async again({ stores }) {
      await stores.redis.kill('SIGKILL')
      await sleep(500)
      await stores.redis.restart()
    },
  },
  { name: 'Redis slow, 200 ms', isAlone: true, begin: setAll('slow') },
  { name: 'Redis black-holed', isAlone: true, begin: setAll('blackhole') },
  away,
  back,
  {
    name: 'Instances restarted one after another',
    losesConnections: true,
    async begin() {},
    async again({ instances }) {
      const first = instances.shift()
      if (first === undefined) return
      await first.stop()
      const next = await first.again({ gatewayPort: first.gatewayPort })
      await untilReady(next)
      instances.push(next)
    },
  },
  {
    name: 'One of three instances killed',
    losesConnections: true,
    async begin({ instances: [first] }) {
      if (first === undefined) return
      const ended = once(first.child, 'exit')
      first.child.kill('SIGKILL')
      await ended
    },
  },
]
