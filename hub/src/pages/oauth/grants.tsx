import { useQuery, useQueryClient } from '@tanstack/react-query'
import { endGrant, type Grant, grantList } from '../../api/grants.ts'
import { mayChange, useUser } from '../../api/session.ts'
import { useOpenDialog } from '../../shell/dialog-place.tsx'
import { Ask } from '../../ui/ask.tsx'
import { Button } from '../../ui/button.tsx'
import { Listing } from '../../ui/listing.tsx'
import { Section } from '../../ui/page.tsx'
import { Empty } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { oauthWords } from '../../words/oauth.ts'

interface GrantsProps {
  readonly merchantId: string | null
  /** Of this application alone. */
  readonly clientId?: string
}

/** What people have allowed, until they or an admin end it. */
export function Grants({ merchantId, clientId }: GrantsProps) {
  const found = useQuery(grantList(merchantId))
  const grants = (found.data?.data ?? []).filter(
    (one) => clientId === undefined || one.client_id === clientId,
  )
  return (
    <Section title={oauthWords.oauth.access} about={oauthWords.oauth.accessAbout}>
      <Listing
        found={found}
        count={grants.length}
        failed={oauthWords.oauth.grantsFailed}
        rows={2}
        empty={
          <Empty
            icon="shield"
            title={clientId === undefined ? oauthWords.oauth.emptyTitle : oauthWords.oauth.nobodyTitle}
          >
            {oauthWords.oauth.empty}
          </Empty>
        }
      >
        <ul className="divide-y">
          {grants.map((one) => (
            <GrantRow key={one.id} one={one} />
          ))}
        </ul>
      </Listing>
    </Section>
  )
}

function GrantRow({ one }: { one: Grant }) {
  const user = useUser()
  const client = useQueryClient()
  const open = useOpenDialog()
  const end = (): void =>
    open((close) => (
      <Ask
        title={oauthWords.oauth.endTitle(one.client_name)}
        about={oauthWords.oauth.endAbout(one.merchant_name)}
        submit={oauthWords.oauth.end}
        working={oauthWords.oauth.ending}
        failed={oauthWords.oauth.endFailed}
        act={() => endGrant(one.id)}
        done={() => void client.invalidateQueries({ queryKey: ['grants'] })}
        close={close}
      />
    ))
  return (
    <li className="flex min-h-[57px] flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-[13px]">
      <span className="min-w-0 flex-1 basis-56">
        <span className="block truncate font-medium">
          {one.client_name} · {one.merchant_name} · {one.environment}
        </span>
        <span className="block text-ink-3">
          {oauthWords.oauth.grantedBy(one.email)} <Time at={one.created_at} />; {oauthWords.oauth.grantEnds}{' '}
          <Time at={one.expires_at} />
        </span>
        <span className="block break-words text-ink-3">{one.permissions.join(', ')}</span>
      </span>
      {mayChange(user, one.merchant_id) && (
        <Button isSmall aria-label={oauthWords.oauth.endOf(one.client_name, one.merchant_name)} onClick={end}>
          {oauthWords.oauth.end}
        </Button>
      )}
    </li>
  )
}
