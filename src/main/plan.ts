// Which servers a process runs: by its role, and by its place where there are workers.

import type { Role } from './core.ts'

/** `alone`: the only process. `primary`: keeps workers and serves the control port. `worker`: serves the gateway. */
export type Place = 'alone' | 'primary' | 'worker'

export interface Plan {
  readonly gateway: boolean
  /** The admin API, and with it migrations and housekeeping. */
  readonly admin: boolean
  /** /livez, /readyz, /metrics. */
  readonly probes: boolean
}

const plans: Readonly<Record<Place, Readonly<Record<Role, Plan>>>> = {
  alone: {
    all: { gateway: true, admin: true, probes: true },
    gateway: { gateway: true, admin: false, probes: true },
    control: { gateway: false, admin: true, probes: true },
  },
  primary: {
    all: { gateway: false, admin: true, probes: true },
    gateway: { gateway: false, admin: false, probes: true },
    control: { gateway: false, admin: true, probes: true },
  },
  worker: {
    all: { gateway: true, admin: false, probes: false },
    gateway: { gateway: true, admin: false, probes: false },
    control: { gateway: false, admin: false, probes: false },
  },
}

/** The servers of a process. */
export function planOf(role: Role, place: Place): Plan {
  return plans[place][role]
}
