// What the authorization server keeps, as a test compares it.

import type { Postgres } from '../../src/store/postgres.ts'

/** All that somebody would have by it, or would have no more. */
export async function oauthRows(db: Postgres): Promise<readonly string[]> {
  const found = await db.query<{ line: string }>(
    `SELECT 'artifact ' || model || ' ' || digest::text || ' ' || coalesce(grant_id, '') || ' ' || payload ||
       (consumed_at IS NOT NULL)::text AS line FROM oauth_artifact
     UNION ALL SELECT 'grant ' || id || ' ' || (ended_at IS NOT NULL)::text || ' ' || expires_at::text FROM oauth_grant
     UNION ALL SELECT 'token ' || id FROM access_token
     UNION ALL SELECT 'end ' || subject FROM access_token_stop
     UNION ALL SELECT 'device ' || (to_jsonb(d) - 'ask_from')::text FROM oauth_device d
     UNION ALL SELECT 'audit ' || action || ' ' || coalesce(target, '') FROM audit WHERE action LIKE 'grant.%' AND action NOT LIKE '%list'
     ORDER BY line`,
  )
  return found.map(({ line }) => line)
}
