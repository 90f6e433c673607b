// Brakes that hold a key, or told of it.

export const brakes = {
  held: 'Held by a brake',
  did: {
    notify: (name: string) => `The brake ${name} told of this key`,
    disable: (name: string) => `The brake ${name} disabled this key`,
    require_ip: (name: string) => `The brake ${name} restricted this key to its usual addresses`,
  },
  since: 'It did far more than it usually does,',
  about: {
    notify: 'Nothing was done to it.',
    disable: 'Requests with it are refused until it is released or reactivated.',
    require_ip: 'Requests from other addresses are refused until it is released.',
  },
  release: 'Release',
  title: (name: string) => `Release ${name}?`,
  releaseAbout:
    'What brakes have done to it is undone, everywhere: it is reactivated, or may be used again from where it could be before. See first whether it was you.',
  submit: 'Release',
  working: 'Releasing…',
  failed: 'The key was not released',
}
