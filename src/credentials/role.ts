// What people and machines may be to the admin API. What each may do stands in control/callers/access.ts.

/** Of tokens that the admin API makes, and of operators. */
export const tokenRoles = ['admin', 'support', 'auditor', 'read_only'] as const
export type TokenRole = (typeof tokenRoles)[number]

/** Of members, in each of their merchants. */
export const memberRoles = ['admin', 'viewer'] as const
export type MemberRole = (typeof memberRoles)[number]

/** How every such token begins. */
export const tokenPrefix = 'lk_adm_'
/** How the secret of a session begins, and that of a link. */
export const sessionPrefix = 'lk_ses_'
export const linkPrefix = 'lk_lnk_'
/** Of a command line that asks to be signed in, and once it is. */
export const devicePrefix = 'lk_dev_'
export const commandLinePrefix = 'lk_cli_'
/** What a browser keeps while it is at an identity provider. */
export const ceremonyPrefix = 'lk_cer_'
