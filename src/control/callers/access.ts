// Who may call what: a line for each route of the admin API, read by the server, the OpenAPI document, docs/contract.md and
// the tests. A route without a line keeps the program from starting. What of the installation a caller sees is its scope
// (store/scope.ts), which the store's functions take; this says which routes it may call at all.

/**
 * Who calls: `static` is a token of LATCHKEY_ADMIN_TOKEN; admin, support, auditor and read_only are the roles of tokens
 * that the API made.
 */
export const callerKinds = ['static', 'admin', 'support', 'auditor', 'read_only'] as const
export type CallerKind = (typeof callerKinds)[number]

export interface Access {
  readonly may: readonly CallerKind[]
  /**
   * `part`: answers for what the caller sees, and nothing else is there for it. `whole`: concerns the whole installation,
   * so whoever sees a part of it may not call it, whatever the role.
   */
  readonly reach: 'part' | 'whole'
}

const owners = ['static', 'admin'] as const
const readers = callerKinds
const auditReaders = ['static', 'admin', 'support', 'auditor'] as const

const read = { may: readers, reach: 'part' } as const
const readWhole = { may: readers, reach: 'whole' } as const
const change = { may: owners, reach: 'part' } as const
const changeWhole = { may: owners, reach: 'whole' } as const

/** By method and path below /admin/v1. */
export const access = {
  'POST /merchants': changeWhole,
  'GET /merchants': read,
  'GET /merchants/{id}': read,
  'PATCH /merchants/{id}': changeWhole,
  // A merchant's own token must not undo what the platform has done to the merchant.
  'POST /merchants/{id}/suspend': changeWhole,
  'POST /merchants/{id}/resume': changeWhole,
  'POST /keys': change,
  'GET /keys': read,
  'GET /keys/{id}': read,
  'PATCH /keys/{id}': change,
  // Whoever hears of a leak at night can stop it; access comes back by an admin alone.
  'POST /keys/{id}/disable': { may: ['static', 'admin', 'support'], reach: 'part' },
  'POST /keys/{id}/enable': change,
  'POST /keys/{id}/revoke': change,
  'POST /keys/{id}/rotate': change,
  'POST /keys/{id}/rotation/end': change,
  'POST /keys/import': changeWhole,
  'GET /keys/{id}/activity': read,
  'GET /activity': read,
  'GET /permissions': read,
  'GET /audit': { may: auditReaders, reach: 'part' },
  'GET /audit/export': { may: ['static', 'admin', 'auditor'], reach: 'part' },
  'GET /audit/verify': { may: ['static', 'admin', 'auditor'], reach: 'whole' },
  'GET /instances': readWhole,
  'GET /deny': readWhole,
  'POST /deny': changeWhole,
  'DELETE /deny': changeWhole,
  'GET /tokens': { may: ['static', 'admin', 'auditor'], reach: 'whole' },
  'POST /tokens': changeWhole,
  'DELETE /tokens/{id}': changeWhole,
  'POST /webhooks': change,
  'GET /webhooks': read,
  'GET /webhooks/{id}': read,
  'PATCH /webhooks/{id}': change,
  'DELETE /webhooks/{id}': change,
  'POST /webhooks/{id}/rotate-secret': change,
  'POST /webhooks/{id}/test': change,
  'GET /webhooks/{id}/deliveries': read,
  'GET /webhooks/{id}/deliveries/{delivery_id}': read,
  'POST /webhooks/{id}/deliveries/{delivery_id}/redeliver': change,
} as const satisfies Readonly<Record<string, Access>>

export const adminPath = '/admin/v1'

/** The line of a route as Fastify knows it (`/admin/v1/keys/:id`); undefined: it has none. HEAD goes with GET. */
export function accessOf(method: string, url: string): Access | undefined {
  const name = `${method === 'HEAD' ? 'GET' : method} ${documentedPath(url.slice(adminPath.length))}`
  return isNamed(name) ? access[name] : undefined
}

/** `/keys/:id` as the documents write it: `/keys/{id}`. */
export function documentedPath(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

function isNamed(name: string): name is keyof typeof access {
  return Object.hasOwn(access, name)
}
