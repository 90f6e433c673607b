// The processes of the installation.

import { figure } from './say.ts'

export const instances = {
  title: 'Instances',
  about: 'The processes that serve: what each runs, what it has applied, and how it sees its stores.',
  failed: 'The instances could not be loaded',
  empty: 'No instance has told of itself yet',
  columns: {
    id: 'Instance',
    runs: 'Runs',
    revision: 'Revision',
    clock: 'Clock',
    stores: 'Stores',
    state: 'State',
    seen: 'Last seen',
  },
  table: (hash: string) => `table ${hash}`,
  tableUnknown: 'table not told',
  started: 'up since',
  behind: (count: number) => `${figure(count)} behind`,
  upToDate: 'up to date',
  clockOff: (ms: number) => `${figure(ms)} ms off`,
  postgres: 'Postgres',
  redis: 'Redis',
  stores: { up: 'Up', silent: 'Silent', degraded: 'Degraded', down: 'Down', none: 'Not used' } as Readonly<
    Record<string, string>
  >,
  unknown: 'Not told',
  well: 'Well',
  reasons: {
    config_fault: 'The configuration on disk is not in force',
    deny_fault: 'The deny file on disk is not in force',
    certificate: 'A certificate ends soon or is not in force',
    workers_missing: 'Not all of its workers serve',
    gateway_silent: 'Its own gateway port does not answer it',
    log_dropping: 'Its log cannot be written, and lines are lost',
    cache_keys_apart: 'It has another cache key than others',
    upstream_unavailable: 'An upstream gets no requests from it',
  } as Readonly<Record<string, string>>,
}
