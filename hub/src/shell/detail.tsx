// A page on one thing: until it is there, where it is not, and the way back to the list.

import type { ReactNode } from 'react'
import { ApiFault } from '../api/fault.ts'
import { Link } from '../router.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { PageHead } from '../ui/page.tsx'
import { Empty, FaultNotice } from '../ui/states.tsx'
import { PageSkeleton } from './page-skeleton.tsx'

interface Found<One> {
  readonly data: One | undefined
  readonly error: unknown
  readonly isPending: boolean
  readonly refetch: () => unknown
}

interface DetailProps<One> {
  readonly found: Found<One>
  readonly icon: IconName
  readonly back: ReactNode
  readonly failed: string
  readonly goneTitle: string
  readonly gone: (fault: ApiFault) => ReactNode
  readonly children: (one: One) => ReactNode
}

export function Detail<One>({ found, icon, back, failed, goneTitle, gone, children }: DetailProps<One>) {
  if (found.data !== undefined) return children(found.data)
  if (found.isPending) return <PageSkeleton />
  const { error } = found
  if (error instanceof ApiFault && error.status === 404)
    return (
      <>
        <PageHead title={goneTitle} above={back} />
        <div className="card">
          <Empty icon={icon} title={goneTitle}>
            {gone(error)}
          </Empty>
        </div>
      </>
    )
  return (
    <>
      <PageHead title={failed} above={back} />
      <FaultNotice fault={error} what={failed} again={() => void found.refetch()} />
    </>
  )
}

export function Back({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link
      to={to}
      className="no-print mb-1 -ml-1.5 inline-flex h-8 items-center gap-1 rounded-md px-1.5 text-[13px] text-ink-3 hover:text-ink"
    >
      <Icon name="left" size={14} />
      {children}
    </Link>
  )
}
