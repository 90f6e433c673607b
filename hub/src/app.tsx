// Who may see what: without a session the pages that need none, with one the frame and the page of the address.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Suspense, useEffect } from 'react'
import { onSignedOut } from './api/call.ts'
import { forgetAll, sessionQuery } from './api/session.ts'
import { matchPath, navigate, usePath } from './router.tsx'
import { openRoutes, platformRoutes, type RouteEntry, routes } from './routes.tsx'
import { DialogPlace } from './shell/dialog-place.tsx'
import { Frame } from './shell/frame.tsx'
import { MissingPart } from './shell/missing-part.tsx'
import { NotThere } from './shell/not-there.tsx'
import { PageSkeleton } from './shell/page-skeleton.tsx'
import { FaultNotice } from './ui/states.tsx'
import { words } from './words.ts'

export function App() {
  const path = usePath()
  const client = useQueryClient()
  const session = useQuery(sessionQuery)
  const isOpen = openRoutes.some(({ pattern }) => matchPath(pattern, path) !== null)

  useEffect(() => {
    onSignedOut(() => {
      // Where nobody was signed in, what is loaded belongs to a page that needs no session.
      if (client.getQueryData(sessionQuery.queryKey)) forgetAll(client)
    })
  }, [client])

  const isSignedIn = session.data !== null && session.data !== undefined
  useEffect(() => {
    if (session.data === null && !isOpen) navigate(signInAddress(), { replace: true })
    if (isSignedIn && (path === '/sign-in' || path === '/')) navigate(addressAfter(), { replace: true })
  }, [session.data, isSignedIn, isOpen, path])

  if (isOpen) return <Suspense fallback={null}>{pageOf(openRoutes, path)}</Suspense>
  if (session.isError && session.data === undefined)
    return (
      <main className="mx-auto max-w-lg p-6 pt-[18vh]">
        <FaultNotice fault={session.error} what={words.signIn.title} again={() => void session.refetch()} />
      </main>
    )
  if (!isSignedIn) return null
  return (
    <Frame>
      <MissingPart key={path}>
        <DialogPlace>
          <Suspense fallback={<PageSkeleton />}>
            {pageOf(session.data?.user.kind === 'operator' ? [...routes, ...platformRoutes] : routes, path)}
          </Suspense>
        </DialogPlace>
      </MissingPart>
    </Frame>
  )
}

function pageOf(entries: readonly RouteEntry[], path: string) {
  for (const { open } of entries) {
    const found = open(path)
    if (found !== null) return found
  }
  return <NotThere />
}

/** What stands behind the `#` stays there, where no server sees it. */
function signInAddress(): string {
  const { search, hash } = location
  const here = location.href.slice(document.baseURI.length).split(/[?#]/)[0] ?? ''
  const query = here === '' ? '' : `?${new URLSearchParams({ to: `/${here}${search}` }).toString()}`
  return `/sign-in${query}${hash}`
}

/** Where the reader wanted to go; only ever a path of ours. */
function addressAfter(): string {
  const to = new URLSearchParams(location.search).get('to')
  const isOurs = to !== null && /^\/(?![/\\])[^\t\n\r]*$/.test(to) && !to.startsWith('/sign-in')
  return isOurs ? to + location.hash : '/developers'
}
