// Which page stands at which address; each is loaded when it is first opened.

import { type ComponentType, createElement, Fragment, lazy, type ReactNode } from 'react'
import { noAnswer } from './api/call.ts'
import { matchPath } from './router.tsx'

/** `/developers/keys/:id` → `{ id: string }`. */
type Parameters<Pattern extends string> = Pattern extends `${infer First}/${infer Rest}`
  ? Parameters<First> & Parameters<Rest>
  : Pattern extends `:${infer Name}`
    ? Readonly<Record<Name, string>>
    : object

export interface RouteEntry {
  readonly pattern: string
  /** The page of a path; null: it is another page's. */
  readonly open: (path: string) => ReactNode
}

function route<Pattern extends string>(
  pattern: Pattern,
  load: () => Promise<ComponentType<Parameters<Pattern>>>,
): RouteEntry {
  const Page = lazy(async () => ({
    default: await load().catch(() => {
      throw noAnswer(false)
    }),
  }))
  return {
    pattern,
    open(path) {
      const found = matchPath(pattern, path)
      // A path that fits has each name of the pattern.
      const page = found && createElement(Page, found as Parameters<Pattern>)
      return page && <Fragment key={path}>{page}</Fragment>
    },
  }
}

/** Without a session. */
export const openRoutes: readonly RouteEntry[] = [
  route('/sign-in', async () => (await import('./pages/sign-in/sign-in.tsx')).SignIn),
  route('/set-password', async () => (await import('./pages/sign-in/link.tsx')).SetPassword),
  route('/invitation', async () => (await import('./pages/sign-in/link.tsx')).AcceptInvitation),
  route('/docs/errors', async () => (await import('./pages/docs/errors.tsx')).ErrorIndex),
  route('/docs/errors/:code', async () => (await import('./pages/docs/errors.tsx')).ErrorPage),
]

export const routes: readonly RouteEntry[] = [
  route('/developers', async () => (await import('./pages/keys/keys.tsx')).Keys),
  route('/developers/new', async () => (await import('./pages/new-key/new-key.tsx')).CreateKey),
  route('/developers/keys/:id', async () => (await import('./pages/key/key.tsx')).KeyDetail),
  route('/developers/activity', async () => (await import('./pages/activity/activity.tsx')).Activity),
  route('/developers/requests', async () => (await import('./pages/requests/requests.tsx')).Requests),
  route('/developers/requests/:id', async () => (await import('./pages/requests/request.tsx')).RequestDetail),
  route('/developers/webhooks', async () => (await import('./pages/webhooks/webhooks.tsx')).Webhooks),
  route('/developers/webhooks/:id', async () => (await import('./pages/webhooks/webhook.tsx')).WebhookDetail),
  route('/developers/oauth/new', async () => (await import('./pages/oauth/new-client.tsx')).NewClient),
  route('/developers/oauth/:id', async () => (await import('./pages/oauth/client.tsx')).ClientDetail),
  route('/developers/oauth', async () => (await import('./pages/oauth/oauth.tsx')).OAuth),
  route('/authorize/:id', async () => (await import('./pages/authorize/authorize.tsx')).Authorize),
  route('/team', async () => (await import('./pages/team/team.tsx')).Team),
  route('/account', async () => (await import('./pages/account/account.tsx')).Account),
  route('/device', async () => (await import('./pages/device/device.tsx')).Device),
  route('/docs/permissions', async () => (await import('./pages/docs/permissions.tsx')).PermissionDocs),
]

/** For operators. */
export const platformRoutes: readonly RouteEntry[] = [
  route(
    '/operator/merchants/:id',
    async () => (await import('./pages/merchants/merchant.tsx')).MerchantDetail,
  ),
  route('/operator/merchants', async () => (await import('./pages/merchants/merchants.tsx')).Merchants),
  route('/operator/operators', async () => (await import('./pages/operators/operators.tsx')).Operators),
  route('/operator/audit', async () => (await import('./pages/audit/audit.tsx')).Audit),
  route('/operator/health', async () => (await import('./pages/health/health.tsx')).Health),
  route('/operator/instances', async () => (await import('./pages/instances/instances.tsx')).Instances),
  route('/operator/routes', async () => (await import('./pages/routes/routes.tsx')).RouteTable),
  route('/operator/deny', async () => (await import('./pages/deny/deny.tsx')).Deny),
]
