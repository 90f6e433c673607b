import { useQueryClient } from '@tanstack/react-query'
import { keyById, stateOf } from '../../api/keys.ts'
import type { Key } from '../../api/types.ts'
import { useUser } from '../../api/session.ts'
import { Link } from '../../router.tsx'
import { useMerchantId } from '../../shell/merchant.tsx'
import { Chip } from '../../ui/badge.tsx'
import { Table, Td, Th, Tr } from '../../ui/table.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { words } from '../../words.ts'
import { KeyMenu } from './key-menu.tsx'
import { KeyStatus } from './key-status.tsx'

const chips = 2

export function KeyTable({ keys }: { keys: readonly Key[] }) {
  const columns = words.keys.columns
  return (
    <Table
      caption={words.keys.caption}
      head={
        <>
          <Th>{columns.name}</Th>
          <Th shown="roomy">{columns.key}</Th>
          <Th shown="wide">{columns.permissions}</Th>
          <Th>{columns.status}</Th>
          <Th shown="middle">{columns.used}</Th>
          <Th shown="middle">{columns.created}</Th>
          <Th className="w-10">
            <span className="sr-only">{words.common.actions('')}</span>
          </Th>
        </>
      }
    >
      {keys.map((key) => (
        <KeyRow key={key.id} one={key} />
      ))}
    </Table>
  )
}

function KeyRow({ one }: { one: Key }) {
  const nowMs = useNow()
  const state = stateOf(one, nowMs)
  const user = useUser()
  const merchantId = useMerchantId()
  const client = useQueryClient()
  const prefetch = (): void => void client.prefetchQuery(keyById(one.id))
  const isOfMany = merchantId === null && user.kind === 'operator'
  return (
    <Tr isDim={state === 'revoked'}>
      <Td className="max-w-[260px] min-w-[120px]">
        <Link
          to={`/developers/keys/${one.id}`}
          onPointerEnter={prefetch}
          onFocus={prefetch}
          className="block truncate font-medium text-ink hover:text-accent-ink hover:underline"
        >
          {one.name}
        </Link>
        <span className="block truncate text-xs text-ink-3">
          {one.api}
          {isOfMany && ` · ${one.merchant_name ?? one.merchant_id}`}
        </span>
      </Td>
      <Td shown="roomy">
        <KeyFace one={one} />
      </Td>
      <Td shown="wide">
        <span className="flex max-w-[280px] flex-wrap gap-1">
          {one.permissions.includes('*') ? (
            <Chip>{words.keys.all}</Chip>
          ) : (
            <>
              {one.permissions.slice(0, chips).map((name) => (
                <Chip key={name}>{name}</Chip>
              ))}
              {one.permissions.length > chips && (
                <Chip title={one.permissions.slice(chips).join('\n')}>
                  {words.keys.more(one.permissions.length - chips)}
                </Chip>
              )}
            </>
          )}
        </span>
      </Td>
      <Td>
        <KeyStatus one={one} />
      </Td>
      <Td shown="middle" className="text-ink-2">
        <Time at={one.last_used_at} never={words.common.never} />
      </Td>
      <Td shown="middle" className="max-w-[160px] text-ink-2">
        <Time at={one.created_at} />
        {one.created_by && (
          <span className="block truncate text-xs text-ink-3">{words.keys.by(one.created_by)}</span>
        )}
      </Td>
      <Td className="pr-2 pl-0">
        <KeyMenu one={one} />
      </Td>
    </Tr>
  )
}

/** What can be known of a secret: how it begins and ends. */
export function KeyFace({ one }: { one: Pick<Key, 'prefix' | 'last4'> }) {
  return (
    <code className="whitespace-nowrap text-ink-2">
      {one.prefix}
      <span className="text-ink-3">…</span>
      {one.last4 ?? '????'}
    </code>
  )
}
