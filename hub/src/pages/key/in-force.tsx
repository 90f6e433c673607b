import { useUser } from '../../api/session.ts'
import type { Pending } from '../../api/types.ts'
import { Badge } from '../../ui/badge.tsx'
import { words } from '../../words.ts'

/** What `?wait=all` said of a change. */
export function InForce({
  pending,
  all,
}: {
  pending: readonly Pending[] | undefined
  all?: number | undefined
}) {
  const user = useUser()
  if (pending === undefined) return null
  const isOperator = user.kind === 'operator' && all !== undefined
  return (
    <span role="status" className="inline-flex">
      {pending.length === 0 ? (
        <Badge tone="good" icon="check">
          {isOperator ? words.key.inForceOf(all, all) : words.key.inForce}
        </Badge>
      ) : (
        <Badge tone="warn" icon="clock" title={words.key.inForcePending(pending.length)}>
          {isOperator ? words.key.inForceOf(all - pending.length, all) : words.key.inForceChecking}
        </Badge>
      )}
    </span>
  )
}
