// Which page stands at which address; each is loaded when it is first opened.

import { type ComponentType, lazy } from 'react'
import { noAnswer } from './api/call.ts'

export interface RouteEntry {
  readonly pattern: string
  // oxlint-disable-next-line typescript/no-explicit-any -- Each page names the parameters of its own pattern.
  readonly Page: ComponentType<any>
}

// oxlint-disable-next-line typescript/no-explicit-any -- As above.
function part(load: () => Promise<ComponentType<any>>) {
  return lazy(async () => ({
    default: await load().catch(() => {
      throw noAnswer(false)
    }),
  }))
}

/** Without a session. */
export const openRoutes: readonly RouteEntry[] = [
  {
    pattern: '/sign-in',
    Page: part(async () => (await import('./pages/sign-in/sign-in.tsx')).SignIn),
  },
  {
    pattern: '/set-password',
    Page: part(async () => (await import('./pages/sign-in/link.tsx')).SetPassword),
  },
  {
    pattern: '/invitation',
    Page: part(async () => (await import('./pages/sign-in/link.tsx')).AcceptInvitation),
  },
  {
    pattern: '/docs/errors',
    Page: part(async () => (await import('./pages/docs/errors.tsx')).ErrorIndex),
  },
  {
    pattern: '/docs/errors/:code',
    Page: part(async () => (await import('./pages/docs/errors.tsx')).ErrorPage),
  },
]

export const routes: readonly RouteEntry[] = [
  {
    pattern: '/developers',
    Page: part(async () => (await import('./pages/keys/keys.tsx')).Keys),
  },
  {
    pattern: '/developers/new',
    Page: part(async () => (await import('./pages/new-key/new-key.tsx')).CreateKey),
  },
  {
    pattern: '/developers/keys/:id',
    Page: part(async () => (await import('./pages/key/key.tsx')).KeyDetail),
  },
  {
    pattern: '/developers/activity',
    Page: part(async () => (await import('./pages/activity/activity.tsx')).Activity),
  },
  {
    pattern: '/developers/requests',
    Page: part(async () => (await import('./pages/requests/requests.tsx')).Requests),
  },
  {
    pattern: '/developers/requests/:id',
    Page: part(async () => (await import('./pages/requests/request.tsx')).RequestDetail),
  },
  {
    pattern: '/developers/webhooks',
    Page: part(async () => (await import('./pages/webhooks/webhooks.tsx')).Webhooks),
  },
  {
    pattern: '/developers/webhooks/:id',
    Page: part(async () => (await import('./pages/webhooks/webhook.tsx')).WebhookDetail),
  },
  {
    pattern: '/developers/oauth',
    Page: part(async () => (await import('./pages/oauth/oauth.tsx')).OAuth),
  },
  {
    pattern: '/authorize/:id',
    Page: part(async () => (await import('./pages/authorize/authorize.tsx')).Authorize),
  },
  { pattern: '/team', Page: part(async () => (await import('./pages/team/team.tsx')).Team) },
  {
    pattern: '/account',
    Page: part(async () => (await import('./pages/account/account.tsx')).Account),
  },
  {
    pattern: '/device',
    Page: part(async () => (await import('./pages/device/device.tsx')).Device),
  },
  {
    pattern: '/docs/permissions',
    Page: part(async () => (await import('./pages/docs/permissions.tsx')).PermissionDocs),
  },
]

/** For operators. */
export const platformRoutes: readonly RouteEntry[] = [
  {
    pattern: '/operator/merchants',
    Page: part(async () => (await import('./pages/merchants/merchants.tsx')).Merchants),
  },
  {
    pattern: '/operator/operators',
    Page: part(async () => (await import('./pages/operators/operators.tsx')).Operators),
  },
  {
    pattern: '/operator/audit',
    Page: part(async () => (await import('./pages/audit/audit.tsx')).Audit),
  },
  {
    pattern: '/operator/instances',
    Page: part(async () => (await import('./pages/health/health.tsx')).Health),
  },
  {
    pattern: '/operator/routes',
    Page: part(async () => (await import('./pages/routes/routes.tsx')).RouteTable),
  },
  {
    pattern: '/operator/deny',
    Page: part(async () => (await import('./pages/deny/deny.tsx')).Deny),
  },
]
