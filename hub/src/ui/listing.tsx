// A list that comes by pages: its skeleton, what stands in its place when it is empty, what went wrong, and the next rows.
// What was loaded stays when loading it anew fails.

import type { ReactNode } from 'react'
import { words } from '../words.ts'
import { Button } from './button.tsx'
import { FaultNotice, SkeletonRows } from './states.tsx'

interface Found {
  readonly data: unknown
  readonly error: unknown
  readonly isError: boolean
  readonly isPending: boolean
  readonly refetch: () => unknown
  readonly hasNextPage?: boolean
  readonly isFetchingNextPage?: boolean
  readonly fetchNextPage?: () => unknown
}

interface ListingProps {
  readonly found: Found
  readonly count: number
  readonly failed: string
  readonly empty: ReactNode
  /** Of the skeleton. */
  readonly rows?: number
  /** Under the list. */
  readonly note?: ReactNode
  readonly children: ReactNode
}

export function Listing({ found, count, failed, empty, rows = 6, note, children }: ListingProps) {
  const hasMore = found.hasNextPage === true
  return (
    <>
      {found.isError && (
        <div className="mb-3">
          <FaultNotice fault={found.error} what={failed} again={() => void found.refetch()} />
        </div>
      )}
      {(found.data !== undefined || found.isPending) && (
        <div className="card overflow-hidden">
          {found.isPending && <SkeletonRows rows={rows} />}
          {found.data !== undefined && count === 0 && empty}
          {count > 0 && children}
        </div>
      )}
      {(hasMore || (note !== undefined && count > 0)) && (
        <div className="mt-3 flex items-center justify-between gap-3 text-[13px] text-ink-3">
          <span aria-live="polite">{note}</span>
          {hasMore && (
            <Button
              isSmall
              busy={found.isFetchingNextPage === true && words.common.loading}
              onClick={() => void found.fetchNextPage?.()}
            >
              {words.common.more}
            </Button>
          )}
        </div>
      )}
    </>
  )
}
