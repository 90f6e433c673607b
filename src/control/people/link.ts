// Links that people get, by mail or handed on: made, written down once, and read again. What opens stands behind `#`, which no
// browser sends: it is in no log of a server or proxy on the way, and in no Referer.

import { linkPrefix } from '../../credentials/role.ts'
import { digestOf, generateSecret, isWellFormed, Secret } from '../../credentials/secret.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { addLink, type LinkFor } from '../../store/people/link-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import type { HubDeps } from '../dependencies.ts'

/** How long a link works. */
export const linkLifeMs = 24 * 60 * 60_000
/** The same for an invitation, which has to find its time. */
export const invitationLifeMs = 7 * linkLifeMs

/** The page of the hub that a link leads to. */
const pages = { set_password: '/set-password', reset: '/set-password', invitation: '/invitation' } as const

/** Where people reach the hub. */
export type HubPlace = Pick<HubDeps, 'publicUrl' | 'path'>

export interface MadeLink {
  readonly url: string
  readonly expiresAtMs: number
}

/** Makes a link; its text is in this answer alone. */
export async function makeLink(
  db: Queryable,
  { hub: { publicUrl, path }, nowMs }: { readonly hub: HubPlace; readonly nowMs: number },
  of: LinkFor,
): Promise<MadeLink> {
  const secret = generateSecret(linkPrefix)
  const expiresAtMs = nowMs + (of.purpose === 'invitation' ? invitationLifeMs : linkLifeMs)
  await addLink(db, { digest: digestOf(secret), expiresAtMs, of })
  return { url: `${publicUrl}${path}${pages[of.purpose]}#${Secret.reveal(secret)}`, expiresAtMs }
}

/** The digest of what stood behind a link's `#`. Throws LINK_ENDED on what cannot be one: that costs no question. */
export function linkDigest(text: string): string {
  const secret = new Secret(text)
  if (!isWellFormed(secret, linkPrefix)) throw new DenialError(deny('LINK_ENDED', 'link_ended'))
  return digestOf(secret)
}
