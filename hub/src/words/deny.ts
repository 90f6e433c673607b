// The emergency stop.

import { counted } from './say.ts'

export const deny = {
  title: 'Emergency stop',
  about:
    'Refuses at once, on every instance, without waiting for the database. Take entries away when the danger is over.',
  add: 'Stop',
  adding: 'Stopping…',
  kind: 'What',
  value: 'Value',
  kinds: {
    key: 'A key',
    merchant: 'A merchant',
    prefix: 'A key prefix',
    permission: 'A permission',
    client: 'A client address',
  } as Readonly<Record<string, string>>,
  hints: {
    key: 'key_…',
    merchant: 'mer_…',
    prefix: 'The beginning of a secret, such as pk_live_ab12',
    permission: 'transaction.refund',
    client: '203.0.113.4 or 203.0.113.0/24',
  } as Readonly<Record<string, string>>,
  failed: 'Nothing was stopped',
  listFailed: 'The emergency stop could not be loaded',
  columns: { kind: 'What', value: 'Value', source: 'From', at: 'Since', by: 'By' },
  remove: 'Lift',
  removeTitle: (value: string) => `Lift the stop of ${value}?`,
  removeAbout: 'Requests are judged as before, on every instance.',
  removing: 'Lifting…',
  removeFailed: 'The stop was not lifted',
  byFile: 'Change the deny file to lift it',
  emptyTitle: 'Nothing is stopped',
  empty: 'In an emergency add what must be refused: one leaked key, everything of a merchant, or a client.',
  inForce: 'In force everywhere',
  pending: (count: number) => `${counted(count, 'instance does', 'instances do')} not hold it yet`,
  unasked: 'In force on this instance; the others could not be asked',
}
