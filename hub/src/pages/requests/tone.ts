import type { KeptRequest } from '../../api/requests.ts'

type Judged = Pick<KeptRequest, 'decision' | 'status'> & { readonly cut?: string | null }

/** How a request went. Let through is not yet well: what is behind the gateway may have failed, or not have answered. */
export function toneOf({ decision, status, cut = null }: Judged): 'good' | 'warn' | 'bad' {
  if (decision === 'deny') return 'warn'
  return decision === 'allow' && status > 0 && status < 500 && cut === null ? 'good' : 'bad'
}
