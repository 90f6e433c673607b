// Who may call what: a line for each route of the admin API, read by the server, the OpenAPI document, docs/contract.md and
// the tests. A route without a line keeps the program from starting. What of the installation a caller sees is its scope
// (store/scope.ts), which the store's functions take; this says which routes it may call at all.

/**
 * Who calls: `static` is a token of LATCHKEY_ADMIN_TOKEN; admin, support, auditor and read_only are the roles of tokens
 * that the API made, and of operators who have signed in. A member of merchants is `member_admin` where it is an admin of one:
 * what viewers may not it does in those merchants alone, and in the others is refused as a viewer is.
 */
export const callerKinds = [
  'static',
  'admin',
  'support',
  'auditor',
  'read_only',
  'member_admin',
  'member_viewer',
] as const
export type CallerKind = (typeof callerKinds)[number]

export interface Access {
  readonly may: readonly CallerKind[]
  /**
   * `part`: answers for what the caller sees, and nothing else is there for it. `whole`: concerns the whole installation,
   * so whoever sees a part of it may not call it, whatever the role. `team`: concerns who belongs to a merchant, so tokens
   * for a part may not, as who they let in would outlast them; members may.
   */
  readonly reach: 'part' | 'whole' | 'team'
  /** Also whoever signs the body, without a token and from any address: the route itself checks the signature before it reads it. */
  readonly signed?: true
}

const owners = ['static', 'admin'] as const
const platform = ['static', 'admin', 'support', 'auditor', 'read_only'] as const
const auditReaders = ['static', 'admin', 'support', 'auditor'] as const
/** Of members, those who may look, and those who may do. */
export const memberReaders = ['member_admin', 'member_viewer'] as const
export const memberAdmins = ['member_admin'] as const

const read = { may: [...platform, ...memberReaders], reach: 'part' } as const
const readWhole = { may: platform, reach: 'whole' } as const
const change = { may: [...owners, ...memberAdmins], reach: 'part' } as const
const changeWhole = { may: owners, reach: 'whole' } as const
const readTeam = { may: [...platform, ...memberReaders], reach: 'team' } as const
const changeTeam = { may: [...owners, ...memberAdmins], reach: 'team' } as const

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
  'POST /keys/{id}/disable': { may: ['static', 'admin', 'support', ...memberAdmins], reach: 'part' },
  'POST /keys/{id}/enable': change,
  'POST /keys/{id}/revoke': change,
  'POST /keys/{id}/rotate': change,
  'POST /keys/{id}/rotation/end': change,
  'POST /keys/{id}/rotation/grace': change,
  'POST /keys/{id}/brakes/release': change,
  'POST /keys/import': changeWhole,
  // Whoever may stop a key may tell of one.
  'POST /keys/exposed': { may: ['static', 'admin', 'support'], reach: 'whole', signed: true },
  'GET /keys/{id}/activity': read,
  'GET /keys/{id}/permissions': read,
  'GET /activity': read,
  'GET /activity/series': read,
  'GET /activity/latency': read,
  'GET /quotas': read,
  // It tells where routes lead and stand, which is the platform's.
  'GET /explain': readWhole,
  'GET /events': read,
  'GET /requests': read,
  'GET /requests/{id}': read,
  'GET /permissions': read,
  'GET /audit': { may: [...auditReaders, ...memberAdmins], reach: 'part' },
  'GET /audit/export': { may: ['static', 'admin', 'auditor'], reach: 'part' },
  'GET /audit/verify': { may: ['static', 'admin', 'auditor'], reach: 'whole' },
  'GET /instances': readWhole,
  'GET /health': readWhole,
  'GET /deny': readWhole,
  'POST /deny': changeWhole,
  'DELETE /deny': changeWhole,
  'GET /tokens': { may: ['static', 'admin', 'auditor'], reach: 'whole' },
  'POST /tokens': changeWhole,
  'DELETE /tokens/{id}': changeWhole,
  'GET /reminders': read,
  'GET /reminders/permissions': read,
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
  'POST /clients': change,
  'GET /clients': read,
  'GET /clients/{id}': read,
  'PATCH /clients/{id}': change,
  'POST /clients/{id}/disable': change,
  'POST /clients/{id}/enable': change,
  'POST /clients/{id}/rotate-secret': change,
  'GET /grants': read,
  'DELETE /grants/{id}': change,
  'POST /oauth/keys/rotate': changeWhole,
  'GET /operators': { may: ['static', 'admin', 'auditor'], reach: 'whole' },
  'POST /operators': changeWhole,
  'PATCH /operators/{id}': changeWhole,
  'POST /operators/{id}/disable': changeWhole,
  'POST /operators/{id}/enable': changeWhole,
  'POST /operators/{id}/link': changeWhole,
  'POST /operators/{id}/reset-factors': changeWhole,
  'GET /merchants/{id}/members': readTeam,
  'PATCH /merchants/{id}/members/{person}': changeTeam,
  'DELETE /merchants/{id}/members/{person}': changeTeam,
  'GET /merchants/{id}/invitations': readTeam,
  'POST /merchants/{id}/invitations': changeTeam,
  'DELETE /merchants/{id}/invitations/{invitation}': changeTeam,
  'GET /sessions': { may: ['static', 'admin', 'auditor'], reach: 'whole' },
  'DELETE /sessions': changeWhole,
  'DELETE /sessions/{id}': changeWhole,
  // An account may be of several merchants: none of them has it alone.
  'POST /members/{id}/link': changeWhole,
  'POST /members/{id}/reset-factors': changeWhole,
  'POST /members/{id}/disable': changeWhole,
  'POST /members/{id}/enable': changeWhole,
} as const satisfies Readonly<Record<string, Access>>

export const adminPath = '/admin/v1'

/** The line of a route as Fastify knows it (`/admin/v1/keys/:id`); undefined: it has none. HEAD goes with GET. */
export function accessOf(method: string, url: string): Access | undefined {
  const name = `${method === 'HEAD' ? 'GET' : method} ${documentedPath(url.slice(adminPath.length))}`
  const line: Access | undefined = isNamed(name) ? access[name] : undefined
  return line
}

/** `/keys/:id` as the documents write it: `/keys/{id}`. */
export function documentedPath(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}')
}

function isNamed(name: string): name is keyof typeof access {
  return Object.hasOwn(access, name)
}
