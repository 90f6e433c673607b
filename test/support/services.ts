// The Postgres and the Redis that a whole test run shares: given by the environment, or private and short-lived.

import { startPostgres } from './postgres-service.ts'
import { startRedis } from './redis-service.ts'
import { removeStrays } from './strays.ts'

export interface SharedServices {
  /** What the test files find in their environment. */
  env: { LATCHKEY_TEST_DATABASE_URL: string; LATCHKEY_TEST_REDIS_URL: string }
  /** Ends what was started here and removes its folders. */
  stop(): Promise<void>
}

/** Finds or starts both services. Throws, with nothing left running, if one of them cannot be had. */
export async function startSharedServices(): Promise<SharedServices> {
  await removeStrays()
  const results = await Promise.allSettled([
    given('LATCHKEY_TEST_DATABASE_URL') ?? startPostgres(),
    given('LATCHKEY_TEST_REDIS_URL') ?? startRedis(),
  ])
  const [postgres, redis] = results.map((result) =>
    result.status === 'fulfilled' ? result.value : undefined,
  )
  const stop = async (): Promise<void> => {
    await Promise.all([postgres?.stop(), redis?.stop()])
  }
  if (postgres === undefined || redis === undefined) {
    await stop()
    throw results.find((result) => result.status === 'rejected')?.reason
  }
  return { env: { LATCHKEY_TEST_DATABASE_URL: postgres.url, LATCHKEY_TEST_REDIS_URL: redis.url }, stop }
}

// Somebody else's server: used, and left alone.
function given(name: string): { url: string; stop(): Promise<void> } | undefined {
  const url = process.env[name]
  return url ? { url, stop: () => Promise.resolve() } : undefined
}
