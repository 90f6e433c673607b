// One’s own account.

import { counted } from './say.ts'

const account = {
  title: 'Account',
  about: (email: string) => `Signed in as ${email}.`,
  password: 'Password',
  passwordAbout: 'Changing it ends all other sessions.',
  current: 'Current password',
  next: 'New password',
  change: 'Change password',
  changing: 'Changing…',
  changed: 'Your password is changed, and all other sessions are ended.',
  failed: 'The password was not changed',
  wrong: 'That is not your current password.',
  sessions: 'Sessions',
  sessionsAbout: 'Where you are signed in. End what you do not know.',
  sessionsFailed: 'The sessions could not be loaded',
  thisOne: 'This session',
  end: 'End',
  endAll: 'End all others',
  ending: 'Ending…',
  lastUsed: 'Last used',
  from: (address: string) => `from ${address}`,
  unknownDevice: 'Unknown program',
  onDevice: (browser: string, system: string) => `${browser} on ${system}`,
  roles: 'Your merchants',
  reminders: {
    title: 'Mails about keys',
    about:
      'One a merchant and day at most: secrets older than 90 days, keys that end within 14 days, and keys and permissions that nobody uses.',
    label: 'Send me these mails',
    loadFailed: 'It could not be loaded whether you get these mails',
    failed: 'Nothing was changed',
  },
}

const security = {
  title: 'Sign-in',
  about: 'A passkey or a second factor keeps an account safe when its password leaks.',
  passkeys: 'Passkeys',
  noPasskeys: 'None yet.',
  addPasskey: 'Add a passkey',
  adding: 'Follow your browser…',
  passkeyName: 'Name',
  passkeyNameHint: 'Such as the device it is on.',
  passkeyFailed: 'The passkey was not added',
  totp: 'Authenticator app',
  totpOn: (left: number) => `On. ${counted(left, 'recovery code is', 'recovery codes are')} left.`,
  totpOff: 'Off.',
  setUp: 'Set up',
  turnOff: 'Turn off',
  setUpTitle: 'Set up an authenticator app',
  setUpAbout:
    'Enter this secret in the app by hand, or open the link on the device it is on. Then type the code it shows.',
  secret: 'Secret',
  open: 'Open in the app',
  code: 'Code',
  confirm: 'Confirm',
  confirming: 'Confirming…',
  wrongCode: 'That is not the code of this moment. Look at the app again.',
  renew: 'New recovery codes',
  renewAbout: 'The ones that you have work no more.',
  setUpFailed: 'The app was not set up',
  codesTitle: 'Store these recovery codes',
  codesAbout: 'Each signs you in once when the app is not at hand. They are shown here only.',
  stored: 'I have stored them',
  wantsPassword: 'Your password, once more',
  changeFailed: 'Nothing was changed',
  remove: 'Remove',
}

/** Of its pages alone, which import it themselves: the first page loads without. */
export const accountWords = { account, security }
