// The list of keys, and what wants doing about some.

import { counted, countedKeys, figure } from './say.ts'

export const keys = {
  title: 'API Keys',
  about: 'Each key opens what its permissions say, in one environment of one API.',
  create: 'Create API Key',
  search: 'Search by name, id or last four characters',
  caption: 'API keys',
  columns: {
    name: 'Name',
    key: 'Key',
    permissions: 'Permissions',
    status: 'Status',
    used: 'Last used',
    created: 'Created',
  },
  status: { active: 'Active', disabled: 'Disabled', revoked: 'Revoked', expired: 'Expired' } as Readonly<
    Record<string, string>
  >,
  rotating: 'Rotating',
  expires: 'Expires',
  by: (who: string) => `by ${who}`,
  filters: { status: 'Status', api: 'API', merchant: 'Merchant', age: 'Age and use' },
  sorts: {
    '': 'Newest first',
    created: 'Oldest first',
    name: 'By name',
    '-last_used': 'Used last first',
    last_used: 'Longest unused first',
    expires: 'Ending soonest first',
  } as Readonly<Record<string, string>>,
  ageOptions: {
    '': 'Any age and use',
    'older_than:90d': 'Older than 90 days',
    'unused_for:90d': 'Unused for 90 days',
    'expires_within:14d': 'Expires within 14 days',
  } as Readonly<Record<string, string>>,
  more: (count: number) => `+${figure(count)}`,
  all: 'All permissions',
  shown: (count: number, isAll: boolean) => `${counted(count, 'key', 'keys')}${isAll ? '' : ' so far'}`,
  emptyTitle: (environment: string) => `No ${environment} keys yet`,
  empty:
    'A key lets a program of yours call the API. Make one for each program, with no more permissions than it needs.',
  nothingTitle: 'No key fits',
  nothing: 'No key has all of what you asked for. Take a filter away, or look in the other environment.',
  failed: 'The keys could not be loaded',
  viewer: 'You may look. Making and changing keys is for members with the role admin.',
  copyId: 'Copy the key’s id',
  open: 'Open',
  neverUsed: 'Never used',
  exposed: 'Seen in public',
}

export const reminders = {
  older: (count: number, isMore: boolean) =>
    `${countedKeys(count, isMore, 'is', 'are')} older than 90 days: rotate ${count === 1 ? 'it' : 'them'}.`,
  unused: (count: number, isMore: boolean) =>
    `${countedKeys(count, isMore, 'was', 'were')} not used for 90 days: revoke what nobody needs.`,
  expiring: (count: number, isMore: boolean) =>
    `${countedKeys(count, isMore, 'ends', 'end')} within 14 days: rotate or extend ${count === 1 ? 'it' : 'them'}.`,
  permissions: (count: number, isMore: boolean) =>
    `${countedKeys(count, isMore, 'holds', 'hold')} permissions not used for 90 days: remove what is not needed.`,
  remove: 'Remove these…',
  removeOf: (name: string) => `Remove unused permissions of ${name}`,
  hide: 'Hide',
  show: 'Show',
}
