// The state of the installation.

import { counted, figure } from './say.ts'

export const health = {
  title: 'Health',
  about: 'What the instances know of themselves, worst first.',
  failed: 'The state could not be loaded',
  allWell: 'All is well',
  degraded: 'Something needs a look',
  down: 'Known keys cannot be decided',
  postgres: 'Postgres',
  redis: 'Redis',
  table: 'Table in force',
  revision: 'Applied revision',
  instances: 'Instances',
  columns: {
    id: 'Instance',
    role: 'Role',
    version: 'Version',
    revision: 'Revision',
    seen: 'Last seen',
    clock: 'Clock',
    started: 'Started',
  },
  behind: (count: number) => `${figure(count)} behind`,
  clockOff: (ms: number) => `${figure(ms)} ms off`,
  silent: 'Silent',
  state: { up: 'Up', down: 'Down', none: 'Not used', refused: 'Refuses us', slow: 'Slow' } as Readonly<
    Record<string, string>
  >,
  notes: {
    postgres_down: 'Postgres cannot be reached. Known keys go on from memory; no change can be made.',
    postgres_refused: 'Postgres refuses this instance.',
    redis_down:
      'Redis cannot be reached. Requests go on; changes travel by Postgres alone and take up to two seconds.',
    config: 'The configuration on disk is not in force:',
    deny: 'The deny file on disk is not in force:',
    log: 'The log cannot be written, and lines of it are lost.',
    gateway: 'The port of the gateway does not answer the process itself.',
    cacheKey: 'Instances have different cache keys.',
    clock: 'A clock is more than a second off the database’s: expiry is judged by the database’s time.',
    versions: 'Instances run different versions.',
    lag: 'An instance has not applied the newest changes yet.',
    workers: (serving: number, wanted: number) => `${figure(serving)} of ${figure(wanted)} workers serve.`,
    upstream: (name: string, available: number, targets: number) =>
      `Upstream ${name}: ${figure(available)} of ${figure(targets)} targets get requests.`,
    denied: (count: number) => `The emergency stop has ${counted(count, 'entry', 'entries')}.`,
  },
}
