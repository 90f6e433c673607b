// Which page stands at which address; each is loaded when it is first opened.

import { type ComponentType, lazy } from 'react'

export interface RouteEntry {
  readonly pattern: string
  // oxlint-disable-next-line typescript/no-explicit-any -- Each page names the parameters of its own pattern.
  readonly Page: ComponentType<any>
}

/** Without a session. */
export const openRoutes: readonly RouteEntry[] = [
  {
    pattern: '/sign-in',
    Page: lazy(async () => ({ default: (await import('./pages/sign-in/sign-in.tsx')).SignIn })),
  },
  {
    pattern: '/set-password',
    Page: lazy(async () => ({ default: (await import('./pages/sign-in/link.tsx')).SetPassword })),
  },
  {
    pattern: '/invitation',
    Page: lazy(async () => ({ default: (await import('./pages/sign-in/link.tsx')).AcceptInvitation })),
  },
]

export const routes: readonly RouteEntry[] = [
  {
    pattern: '/developers',
    Page: lazy(async () => ({ default: (await import('./pages/keys/keys.tsx')).Keys })),
  },
  {
    pattern: '/developers/new',
    Page: lazy(async () => ({ default: (await import('./pages/new-key/new-key.tsx')).CreateKey })),
  },
  {
    pattern: '/developers/keys/:id',
    Page: lazy(async () => ({ default: (await import('./pages/key/key.tsx')).KeyDetail })),
  },
]
