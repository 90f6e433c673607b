// Tries every command that this program sends to Redis, on places of no meaning: a right that is lacking, a replica or a
// full server is found before a revocation fails by it, and its end is seen.

import type { RedisCommands } from './redis-connection.ts'

// In braces: of one slot, where there are slots.
const place = '{latchkey:rehearsal}:value'
const hashPlace = '{latchkey:rehearsal}:hash'
const channel = '{latchkey:rehearsal}'
const lifeMs = 60_000

/** The commands within scripts: they need rights of their own. */
const script = `
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('GET', KEYS[1])
redis.call('MGET', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], 'r', ARGV[1])
redis.call('HGET', KEYS[2], 'r')
redis.call('HMGET', KEYS[2], 'r', 'v')
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[1])
return 1`

/** Resolves with what failed, in time or at all. */
export async function rehearse(client: RedisCommands): Promise<readonly unknown[]> {
  const results = await Promise.allSettled([
    client.hset(hashPlace, { a: '1' }),
    client.pexpire(hashPlace, lifeMs),
    client.hget(hashPlace, 'a'),
    client.hgetall(hashPlace),
    client.mget(place, place),
    client.hdel(hashPlace, 'a'),
    client.eval(script, 2, place, hashPlace, 1, lifeMs),
    client.unlink(place),
    client.publish(channel, ''),
  ])
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
}
