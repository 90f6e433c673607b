// The name of an environment as people type it.

import { InvalidArgumentError } from 'commander'
import { environmentName, isEnvironmentName } from '../credentials/environment.ts'

/** The name; which ones there are, its API knows. Throws InvalidArgumentError. */
export function parseEnvironment(text: string): string {
  if (!isEnvironmentName(text)) throw new InvalidArgumentError(`It must be ${environmentName.expects}.`)
  return text
}
