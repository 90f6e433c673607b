import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { sessionQuery } from '../../api/session.ts'
import { Link } from '../../router.tsx'
import { Mark } from '../../shell/navigation.tsx'
import { buttonClass } from '../../ui/button.tsx'
import { words } from '../../words.ts'

/** Around what everybody may read. */
export function OpenFrame({ children }: { children: ReactNode }) {
  const { data } = useQuery(sessionQuery)
  return (
    <>
      <header className="border-b bg-sunk">
        <div className="mx-auto flex h-14 max-w-[880px] items-center justify-between px-4">
          <Mark />
          <Link to={data ? '/developers' : '/sign-in'} className={buttonClass('plain', true)}>
            {data ? words.shell.keys : words.docs.signIn}
          </Link>
        </div>
      </header>
      <main className="mx-auto max-w-[880px] px-4 pt-8 pb-16">{children}</main>
    </>
  )
}
