// The servers that the URL of a store names, whichever store it is.

import { parseRedisUrl } from './redis-url.ts'
import { parsePostgresUrl } from './store-url.ts'

/** A URL for each server that is named; none where `text` is no URL of a store. */
export function storeEndpoints(text: string): readonly string[] {
  const redis = parseRedisUrl(text)
  if (redis === undefined) return parsePostgresUrl(text)?.urls ?? []
  if (redis.kind === 'server') return [redis.url]
  return (redis.kind === 'sentinel' ? redis.sentinels : redis.nodes)
    .map(({ host, port }) => `redis://${host.includes(':') ? `[${host}]` : host}:${port}`)
    .filter((url) => URL.canParse(url))
}
