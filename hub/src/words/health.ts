// The state of the installation.

import { counted, figure } from './say.ts'

const health = {
  title: 'Health',
  about: 'What the instances, the stores and the alerts know, worst first.',
  failed: 'The state could not be loaded',
  titles: {
    ok: 'All is well',
    degraded: 'Something needs a look',
    down: 'Something is down',
  } as Readonly<Record<string, string>>,
  severities: { critical: 'Critical', warning: 'Warning', info: 'Note' } as Readonly<Record<string, string>>,
  checked: 'Looked at',
  notesCount: 'Notes',
  nothing: 'Nothing needs a look.',
  nothingAbout: 'Whatever does stands here, with what to do about it.',
  since: 'since',
  alert: 'Alert',
  more: (count: number) => `and ${figure(count)} more`,
  unseen: (count: number) => `${counted(count, 'alert', 'alerts')} that only Prometheus can judge`,
  fromHere: 'What this instance knows by itself:',
  allWell: 'Nothing is wrong with it.',
  revision: 'Revision',
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
    workers: (serving: number, wanted: number) => `${figure(serving)} of ${figure(wanted)} workers serve.`,
    upstream: (name: string, available: number, targets: number) =>
      `Upstream ${name}: ${figure(available)} of ${figure(targets)} targets get requests.`,
    denied: (count: number) => `The emergency stop has ${counted(count, 'entry', 'entries')}.`,
  },
}

/** Of its pages alone, which import it themselves: the first page loads without. */
export const healthWords = { health }
