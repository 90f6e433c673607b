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
  {
    pattern: '/docs/errors',
    Page: lazy(async () => ({ default: (await import('./pages/docs/errors.tsx')).ErrorIndex })),
  },
  {
    pattern: '/docs/errors/:code',
    Page: lazy(async () => ({ default: (await import('./pages/docs/errors.tsx')).ErrorPage })),
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
  {
    pattern: '/developers/activity',
    Page: lazy(async () => ({ default: (await import('./pages/activity/activity.tsx')).Activity })),
  },
  {
    pattern: '/developers/requests',
    Page: lazy(async () => ({ default: (await import('./pages/requests/requests.tsx')).Requests })),
  },
  {
    pattern: '/developers/requests/:id',
    Page: lazy(async () => ({ default: (await import('./pages/requests/request.tsx')).RequestDetail })),
  },
  {
    pattern: '/developers/webhooks',
    Page: lazy(async () => ({ default: (await import('./pages/webhooks/webhooks.tsx')).Webhooks })),
  },
  {
    pattern: '/developers/webhooks/:id',
    Page: lazy(async () => ({ default: (await import('./pages/webhooks/webhook.tsx')).WebhookDetail })),
  },
  {
    pattern: '/developers/oauth',
    Page: lazy(async () => ({ default: (await import('./pages/oauth/oauth.tsx')).OAuth })),
  },
  {
    pattern: '/authorize/:id',
    Page: lazy(async () => ({ default: (await import('./pages/authorize/authorize.tsx')).Authorize })),
  },
  { pattern: '/team', Page: lazy(async () => ({ default: (await import('./pages/team/team.tsx')).Team })) },
  {
    pattern: '/account',
    Page: lazy(async () => ({ default: (await import('./pages/account/account.tsx')).Account })),
  },
  {
    pattern: '/device',
    Page: lazy(async () => ({ default: (await import('./pages/device/device.tsx')).Device })),
  },
  {
    pattern: '/docs/permissions',
    Page: lazy(async () => ({ default: (await import('./pages/docs/permissions.tsx')).PermissionDocs })),
  },
]

/** For operators. */
export const platformRoutes: readonly RouteEntry[] = [
  {
    pattern: '/operator/merchants',
    Page: lazy(async () => ({ default: (await import('./pages/merchants/merchants.tsx')).Merchants })),
  },
  {
    pattern: '/operator/operators',
    Page: lazy(async () => ({ default: (await import('./pages/operators/operators.tsx')).Operators })),
  },
  {
    pattern: '/operator/audit',
    Page: lazy(async () => ({ default: (await import('./pages/audit/audit.tsx')).Audit })),
  },
  {
    pattern: '/operator/instances',
    Page: lazy(async () => ({ default: (await import('./pages/health/health.tsx')).Health })),
  },
  {
    pattern: '/operator/routes',
    Page: lazy(async () => ({ default: (await import('./pages/routes/routes.tsx')).RouteTable })),
  },
  {
    pattern: '/operator/deny',
    Page: lazy(async () => ({ default: (await import('./pages/deny/deny.tsx')).Deny })),
  },
]
