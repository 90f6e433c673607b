// What is done to a key.

import { counted, figure } from './say.ts'

export const disable = {
  title: (name: string) => `Disable ${name}?`,
  about: 'Requests with it are refused at once, everywhere. You can reactivate it at any time.',
  used: (when: string) => `It was last used ${when}.`,
  unused: 'It was never used.',
  submit: 'Disable',
  working: 'Disabling…',
  failed: 'The key was not disabled',
}

export const enable = {
  title: (name: string) => `Reactivate ${name}?`,
  about: 'Requests with it are taken again, everywhere.',
  submit: 'Reactivate',
  working: 'Reactivating…',
  failed: 'The key was not reactivated',
}

export const revoke = {
  title: (name: string) => `Revoke ${name}?`,
  about: 'Requests with it are refused at once, for good. This cannot be undone.',
  type: (name: string) => `Type “${name}” to confirm`,
  submit: 'Revoke for good',
  working: 'Revoking…',
  failed: 'The key was not revoked',
}

export const rotate = {
  title: (name: string) => `Rotate ${name}`,
  about:
    'The key gets a new secret at once. The old one works until the time you choose, so that you can change your programs without a break.',
  grace: 'The old secret works for',
  graceOptions: {
    '0': 'No time: ends at once',
    '3600': 'One hour',
    '86400': 'One day',
    '259200': 'Three days',
    '604800': 'One week',
  } as Readonly<Record<string, string>>,
  atOnce: 'Programs that use the old secret are refused at once.',
  submit: 'Rotate',
  working: 'Rotating…',
  failed: 'The key was not rotated',
  underWay: 'Rotation under way',
  oldEnds: 'The old secret ends',
  newSince: 'New secret',
  oldSecret: 'Old secret',
  usedRecently: (count: number, when: string) =>
    `The old secret was used ${counted(count, 'time', 'times')} in the last 10 minutes, last ${when}.`,
  usedLast: (when: string) => `The old secret was not used in the last 10 minutes; last ${when}.`,
  usedNever: 'The old secret was never used.',
  notUsedNew: 'The new secret has not been used yet.',
  usedNew: (when: string) => `The new secret was last used ${when}.`,
  prolong: 'Change its end',
  graceTitle: 'How long does the old secret work?',
  graceAbout: 'Counted from now, in place of the time that was said before.',
  graceFromNow: 'From now',
  graceSubmit: 'Change the end',
  graceFailed: 'The end was not changed',
  endNow: 'End the old secret now',
  ending: 'Ending…',
  endTitle: 'End the old secret now?',
  endInUse: 'It was used in the last 10 minutes: whatever uses it is refused from now on.',
  endIdle: 'Whatever still uses it is refused from now on.',
  endFailed: 'The old secret was not ended',
}

export const edit = {
  title: 'Edit permissions',
  about: (name: string) => `Of ${name}. In force everywhere within a second of saving.`,
  opens: 'Opens',
  closes: 'Closes',
  noChange: 'No change yet',
  added: (count: number) => `${figure(count)} added`,
  removed: (count: number) => `${figure(count)} removed`,
  submit: 'Save permissions',
  failed: 'The permissions were not changed',
  conflict: 'Take what is there now',
  takeFailed: 'What is there now could not be loaded',
  detailsTitle: 'Name, owner, expiry',
  detailsFailed: 'The key was not changed',
  metadata: 'Pairs of your own',
  metadataName: (index: number) => `Name of pair ${index}`,
  metadataValue: (index: number) => `Text of pair ${index}`,
  metadataRemove: (index: number) => `Remove pair ${index}`,
  metadataAdd: 'Add a pair',
  metadataNamePlaceholder: 'name',
  metadataForm: 'A letter, then up to 39 more letters, digits, _, . and -',
  owner: 'Owner',
  ownerHint: 'Who answers for it: a person or a team.',
  addressesTitle: 'Addresses',
  addressesAbout: (name: string) => `From where ${name} may be used. Requests from elsewhere are refused.`,
  addresses: 'Addresses and blocks, one a line',
  addressesHint: 'Such as 203.0.113.4 or 203.0.113.0/24. Empty: from everywhere.',
  addressesFailed: 'The addresses were not changed',
}
