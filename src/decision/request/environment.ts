// Which of an API's environments a key may use on a host. Pure.

import type { ApiEnvironment, HostMatch } from '../../config/compiled.ts'

export type EnvironmentChoice =
  /** undefined: the key is of none of the API's environments. */
  | { readonly kind: 'chosen'; readonly environment: ApiEnvironment | undefined }
  /** The key is of an environment that this host does not serve. */
  | { readonly kind: 'wrong' }

/** Chooses the environment by the key (contract 5.5); `isOf` tells whether the key is of an environment. */
export function chooseByKey(
  host: HostMatch,
  isOf: (environment: ApiEnvironment) => boolean,
): EnvironmentChoice {
  const environment = host.environments.find(isOf)
  if (environment === undefined && host.api.environments.some(isOf)) return { kind: 'wrong' }
  return { kind: 'chosen', environment }
}
