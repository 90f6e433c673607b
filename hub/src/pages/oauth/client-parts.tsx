import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type Client, isByCertificate } from '../../api/clients.ts'
import { fullAccess, opened, permissionTable } from '../../api/permissions.ts'
import { requestList } from '../../api/requests.ts'
import { Link } from '../../router.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Section } from '../../ui/page.tsx'
import { FaultNotice, Notice, SkeletonRows } from '../../ui/states.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { oauthWords } from '../../words/oauth.ts'
import { RouteList } from '../key/permissions.tsx'

const text = oauthWords.client

interface EditedProps {
  readonly one: Client
  /** null: no change is the reader's to make. */
  readonly edit: (() => void) | null
}

export function HeldPermissions({ one, edit }: EditedProps) {
  const { data } = useQuery(permissionTable)
  const api = data?.data.find((each) => each.api === one.api)
  const said = new Map((api?.permissions ?? []).map(({ name, description }) => [name, description]))
  const routes = opened(api, new Set(one.permissions))
  return (
    <Section
      title={text.held}
      actions={
        edit && (
          <Button isSmall onClick={edit}>
            {text.editPermissions}
          </Button>
        )
      }
    >
      {one.permissions.includes(fullAccess) ? (
        <Notice tone="warn" title={words.newKey.full}>
          {words.key.fullAccess}
        </Notice>
      ) : (
        <ul className="card divide-y">
          {one.permissions.map((name) => (
            <li key={name} className="flex flex-wrap items-center gap-x-3 gap-y-0.5 px-4 py-2.5">
              <Icon name="check" size={14} className="text-good" />
              <span className="min-w-0 text-sm">{said.get(name) ?? name}</span>
              <code className="ml-auto text-xs break-all text-ink-3">{name}</code>
            </li>
          ))}
        </ul>
      )}
      {routes.length > 0 && <RouteList routes={routes} />}
    </Section>
  )
}

export function RedirectUris({ one, edit }: EditedProps) {
  return (
    <Section
      title={text.uris}
      about={text.urisAbout}
      actions={
        edit && (
          <Button isSmall onClick={edit}>
            {text.edit}
          </Button>
        )
      }
    >
      <ul className="card divide-y text-[13px]">
        {one.redirect_uris.length === 0 && <li className="px-4 py-3 text-ink-3">{text.noUris}</li>}
        {one.redirect_uris.map((uri) => (
          <li key={uri} className="flex min-h-10 items-center justify-between gap-2 px-4 py-1">
            <code className="min-w-0 break-all">{uri}</code>
            <CopyButton text={uri} label={`${words.common.copy}: ${uri}`} isQuiet />
          </li>
        ))}
      </ul>
    </Section>
  )
}

export function ClientSecrets({ one }: { one: Client }) {
  const nowMs = useNow()
  if (one.auth_method !== 'client_secret')
    return (
      <Section title={text.secrets}>
        <p className="card px-4 py-3 text-[13px] text-ink-3">
          {isByCertificate(one.auth_method) ? text.noSecretsButCertificate : text.noSecrets}
        </p>
      </Section>
    )
  return (
    <Section title={text.secrets}>
      <ul className="card divide-y text-[13px]">
        {one.secrets.map(({ id, last4, created_at: createdAt, expires_at: ends }) => {
          const isOver = ends !== null && Date.parse(ends) <= nowMs
          return (
            <li key={id} className="flex flex-wrap items-center gap-x-5 gap-y-1 px-4 py-3">
              <code>
                <span className="text-ink-3">…</span>
                {last4}
              </code>
              {ends === null ? (
                <Badge tone="good">{words.key.current}</Badge>
              ) : (
                <Badge tone="plain" icon="clock">
                  {isOver ? words.key.old2 : words.key.old} {!isOver && <Time at={ends} />}
                </Badge>
              )}
              <span className="ml-auto text-ink-2">
                <span className="text-ink-3">{words.key.created}</span> <Time at={createdAt} />
              </span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

const shownRefusals = 5

/** Of its tokens: as they are kept of keys. */
export function Refusals({ id }: { id: string }) {
  const found = useInfiniteQuery(requestList({ key_id: id }))
  const rows = found.data?.pages[0]?.data.slice(0, shownRefusals) ?? []
  return (
    <Section title={text.refused}>
      {found.isError && (
        <FaultNotice fault={found.error} what={words.requests.failed} again={() => void found.refetch()} />
      )}
      {!found.isError && (
        <ul className="card divide-y overflow-hidden text-[13px]">
          {found.isPending && <SkeletonRows rows={1} columns={2} />}
          {found.data && rows.length === 0 && <li className="px-4 py-3 text-ink-3">{text.noRefusals}</li>}
          {rows.map((one) => (
            <li key={one.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
              <Link to={`/developers/requests/${one.id}`} className="min-w-0 flex-1 truncate hover:underline">
                <code>{one.route}</code>
              </Link>
              <code className="text-xs text-ink-3">{one.code ?? one.status}</code>
              <Time at={one.at} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
