// What an environment may be called. Which ones there are is the configuration's to say; a key is of the one whose name was
// written into it.

/** It stands in keys, headers, metrics and files: begins with a letter, so that nothing takes it for a number or an option. */
export const environmentName = {
  pattern: '^[a-z][a-z0-9_-]{0,31}$',
  expects: 'the name of an environment: a letter, then up to 31 of a-z, 0-9, `-` and `_`',
} as const

const form = new RegExp(environmentName.pattern)

/** Whether an environment can be called so. */
export function isEnvironmentName(text: string): boolean {
  return form.test(text)
}
