// What people and machines may be to the admin API. What each may do stands in control/callers/access.ts.

/** Of tokens that the admin API makes. */
export const tokenRoles = ['admin', 'support', 'auditor', 'read_only'] as const
export type TokenRole = (typeof tokenRoles)[number]

/** How every such token begins. */
export const tokenPrefix = 'lk_adm_'
