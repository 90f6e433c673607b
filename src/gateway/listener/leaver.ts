// Whose connection it is when it ends.

import { clientNetwork } from '../../config/request/addresses.ts'
import type { Access } from '../access.ts'
import type { Leaver } from './linger.ts'

/** Whose connection it is when it ends. */
export function leaverOf({ client, server }: Pick<Access, 'client' | 'server'>): Leaver {
  return { network: clientNetwork(client), server }
}
