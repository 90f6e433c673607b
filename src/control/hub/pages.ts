// The deep links of the hub (contract 9.7), each alone loadable. What stands behind one is the application's to say: all of
// them answer with the same page, and none says anything of the installation.

import type { HubFiles } from './files.ts'

/** What is served. */
export interface HubPages {
  readonly files: HubFiles
  /** Where the gateway is on this machine; null: wherever the names of its hosts lead. */
  readonly gatewayUrl: string | null
}

/** As Fastify writes paths. */
export const hubPages = [
  '/',
  '/sign-in',
  '/set-password',
  '/invitation',
  '/device',
  '/developers',
  '/developers/new',
  '/developers/keys/:id',
  '/developers/activity',
  '/developers/requests',
  '/developers/requests/:id',
  '/developers/webhooks',
  '/developers/webhooks/:id',
  '/developers/oauth',
  '/developers/oauth/new',
  '/developers/oauth/:id',
  '/authorize/:id',
  '/team',
  '/account',
  '/operator/merchants',
  '/operator/merchants/:id',
  '/operator/operators',
  '/operator/audit',
  '/operator/health',
  '/operator/instances',
  '/operator/routes',
  '/operator/deny',
  '/docs/errors',
  '/docs/errors/:code',
  '/docs/permissions',
] as const

/** The way from a path to the root it lies below, as an address relative to it: `/developers/keys/key_1` → `../../`. */
export function wayToRoot(path: string): string {
  const depth = path.split('/').length - 2
  return depth === 0 ? './' : '../'.repeat(depth)
}
