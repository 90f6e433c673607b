// What an upstream is sent of a target that was judged: all of it, byte for byte, but for the beginning that its API does not
// send on, and behind the base path of the upstream. Pure.

import type { Api } from '../../config/compiled.ts'

/**
 * `target`: path and query of a request that was let through. Throws where it does not begin as all of its API's paths do: it
 * could not have been let through.
 */
export function sentTarget(
  target: string,
  api: Pick<Api, 'stripPrefix'> | undefined,
  basePath: string,
): string {
  const prefix = api === undefined ? '' : api.stripPrefix
  if (prefix === '') return basePath === '' ? target : basePath + target
  if (!target.startsWith(prefix) || target[prefix.length] !== '/')
    throw new Error('the target does not begin with `strip_prefix`')
  return basePath + target.slice(prefix.length)
}
