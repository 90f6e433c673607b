// What stands on many pages.

import { counted } from './say.ts'

export const common = {
  close: 'Close',
  cancel: 'Cancel',
  done: 'Done',
  save: 'Save',
  saving: 'Saving…',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'Select and copy it by hand',
  loading: 'Loading…',
  tryAgain: 'Try again',
  justNow: 'just now',
  never: 'Never',
  none: 'None',
  all: 'All',
  more: 'Load more',
  skip: 'Skip to content',
  clear: 'Clear filters',
  sort: 'Order',
  reason: 'Reason',
  reasonHint: 'Kept in the audit.',
  optional: 'optional',
  back: 'Back',
  actions: (name: string) => `Actions for ${name}`,
  notThere: 'There is no such page',
  notThereAbout: 'The address may be mistyped, or the page is for somebody with another role.',
  toKeys: 'Go to API Keys',
  rows: (count: number) => counted(count, 'row', 'rows'),
  environment: 'Environment',
  api: 'API',
  merchant: 'Merchant',
  when: 'When',
}

export const environments = {
  name: (name: string) => name.slice(0, 1).toUpperCase() + name.slice(1),
  switch: 'Environment',
  sandboxBar: 'Sandbox: nothing here moves real money.',
  otherBar: (name: string) => `You are looking at the environment ${name}.`,
}
