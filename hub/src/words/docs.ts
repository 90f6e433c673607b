// Errors and permissions, explained.

import { counted } from './say.ts'

export const docs = {
  errors: 'Errors explained',
  errorsAbout:
    'Every code that the gateway itself answers with. The upstream’s own errors are in its documentation.',
  status: 'Status',
  code: 'Code',
  means: 'Meaning',
  causes: 'Why it happens',
  unknown: 'There is no such code',
  allErrors: 'All error codes',
  permissions: 'Permissions',
  permissionsAbout: 'What each permission lets a key do.',
  opens: 'Opens',
  signIn: 'Sign in',
  retry: (seconds: number) => `May be sent again after ${counted(seconds, 'second', 'seconds')}.`,
  shape: 'How it looks',
}
