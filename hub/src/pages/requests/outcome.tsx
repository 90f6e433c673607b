import type { KeptRequest } from '../../api/requests.ts'
import { Badge } from '../../ui/badge.tsx'
import { words } from '../../words.ts'
import { toneOf } from './tone.ts'

type Shown = Pick<KeptRequest, 'decision' | 'code' | 'status'> & { readonly cut?: string | null }

/** The code that the client was told, else the status. */
export function OutcomeBadge({ one }: { one: Shown }) {
  const tone = toneOf(one)
  return (
    <Badge
      tone={tone}
      {...(tone !== 'good' && { icon: tone === 'warn' ? ('stop' as const) : ('alert' as const) })}
    >
      {one.code ?? (one.status === 0 ? words.requests.cut : String(one.status))}
    </Badge>
  )
}
