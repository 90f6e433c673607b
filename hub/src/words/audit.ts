// The audit.

import { counted, figure } from './say.ts'

export const audit = {
  title: 'Audit',
  about: 'Who changed what, and why. Each entry is sealed with the one before it.',
  failed: 'The audit could not be loaded',
  target: 'Id of a key or merchant',
  actor: 'Who',
  action: 'What',
  columns: { at: 'When', actor: 'Who', action: 'What', target: 'On', reason: 'Reason' },
  empty: 'No entry fits',
  verify: 'Verify',
  verifying: (count: number) => `Verifying… ${figure(count)}`,
  verified: (count: number) => `All ${figure(count)} links and entries are as they were written.`,
  broken: (count: number) => `${counted(count, 'fault', 'faults')} found`,
  verifyFailed: 'The audit could not be verified',
  export: 'Export CSV',
  before: 'Before',
  after: 'After',
  details: 'Show what changed',
  from: 'Address',
  request: 'Request',
}
