// Signing in a command line, and access for programs of others that show a code.

export const device = {
  title: 'Type a code',
  about:
    'The command `latchkey login`, or a program of somebody else, shows a code. Type it here if you have just run it yourself.',
  code: 'Code',
  codeHint: 'Eight letters, as the program shows them.',
  unknown: 'No program waits with this code. Look at the code, or have the program show another.',
  next: 'Go on',
  failed: 'It could not be answered',
  name: 'Calls itself',
  client: 'Asks from',
  requested: 'Asked',
  unknownAddress: 'Not known',
  warning: (email: string) =>
    `It will do whatever ${email} may do, until its session ends. If anybody gave you this code, refuse: they would act as you.`,
  accessWarning:
    'If anybody gave you this code, refuse: they would have this access, and not a program of yours.',
  allow: 'Allow',
  refuse: 'Refuse',
  another: 'Another code',
  answering: 'Answering…',
  answered: {
    approve: 'The command line is signed in. It is among your sessions below Account, where you can end it.',
    access: 'The program has the access. It is among the OAuth applications, where you can end it.',
    deny: 'It was refused, and can do nothing.',
  },
}
