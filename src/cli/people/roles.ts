// `--role` of whoever works on the platform's behalf: operators, and tokens of the admin API.

import { Option } from 'commander'
import { tokenRoles } from '../../credentials/role.ts'

/** What it is to be by default, or made mandatory, its verb says. */
export function roleOption(): Option {
  return new Option('--role <role>', 'what it may do').choices(tokenRoles)
}

export const rolesHelp = `
Roles:
  admin      all that the admin API does
  support    reads, the audit included, and disables keys
  auditor    reads, the audit and the tokens included
  read_only  reads all but the audit and the tokens`
