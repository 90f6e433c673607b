// What a program of somebody else may do: asked.

export const authorize = {
  title: (client: string) => `${client} asks for access`,
  about: (origin: string) =>
    `It is a program of somebody else. When you have decided, you are led back to ${origin}.`,
  may: 'It could do this:',
  merchant: 'For which merchant?',
  granted: (name: string) => `${name} (you have allowed this before)`,
  environment: (api: string, environment: string) => `${api}, ${environment}`,
  nobody: 'You administer no merchant that this could be allowed for. Ask an administrator of yours.',
  grant: 'Allow access',
  decline: 'Decline',
  working: 'One moment…',
  later: 'You can end this access at any time.',
  gone: 'This request is over',
  goneAbout:
    'It was answered, took too long, or was begun in another browser. Nothing was allowed. Go back to the program and begin again.',
  failed: 'This could not be done',
}
