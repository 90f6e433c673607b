// Signing in a command line.

export const device = {
  title: 'Sign in a command line',
  about: 'The command `latchkey login` shows a code. Type it here if you have just run it yourself.',
  code: 'Code',
  codeHint: 'Eight letters, as the command line shows them.',
  unknown: 'No command line waits with this code. Look at the code, or run `latchkey login` again.',
  next: 'Go on',
  failed: 'It could not be answered',
  name: 'Calls itself',
  client: 'Asks from',
  requested: 'Asked',
  unknownAddress: 'Not known',
  warning: (email: string) =>
    `It will do whatever ${email} may do, until its session ends. If anybody gave you this code, refuse: they would act as you.`,
  allow: 'Allow',
  refuse: 'Refuse',
  another: 'Another code',
  answering: 'Answering…',
  answered: {
    approve: 'The command line is signed in. It is among your sessions below Account, where you can end it.',
    deny: 'It was refused, and can do nothing.',
  },
}
