import type { KeptRequest } from '../../api/requests.ts'
import { Badge } from '../../ui/badge.tsx'

/** The code that the client was told, else the status. */
export function OutcomeBadge({ one }: { one: Pick<KeptRequest, 'decision' | 'code' | 'status'> }) {
  const tone = one.decision === 'allow' ? 'good' : one.decision === 'deny' ? 'warn' : 'bad'
  return (
    <Badge
      tone={tone}
      {...(tone !== 'good' && { icon: tone === 'warn' ? ('stop' as const) : ('alert' as const) })}
    >
      {one.code ?? String(one.status)}
    </Badge>
  )
}
