// Who a request comes from, once known: the only thing that handlers see of tokens.

import { type Denial, DenialError, deny } from '../../errors/denial.ts'
import type { SignedIn } from '../../store/people/hub-session-table.ts'
import { everything, isWhole, type Scope } from '../../store/scope.ts'
import type { Access, CallerKind } from './access.ts'

export interface Caller {
  /** `signed`: a scanner without a token, whose signature the route is still to check. */
  readonly kind: CallerKind | 'signed'
  /** Who acts, in the audit. */
  readonly actor: string
  /** What the audit knows it by: `tok_…`, of a session `usr_…/ses_…`; null: one of LATCHKEY_ADMIN_TOKEN. */
  readonly tokenId: string | null
  /** When its token ends, in milliseconds since the epoch; null: never. */
  readonly expiresAtMs: number | null
  readonly scope: Scope
  /** Of a session. */
  readonly signedIn?: SignedIn
}

/** Who signs instead of having a token, of whom nothing is known yet. */
export const signer: Caller = {
  ...{ kind: 'signed', actor: '' },
  ...{ tokenId: null, expiresAtMs: null, scope: everything },
}

/** Whose Idempotency-Keys these are: names are not unique among tokens, and no configured name has a colon. */
export function ownerOf(caller: Caller): string {
  const { signedIn, tokenId } = caller
  // A person goes on in another session.
  if (signedIn !== undefined) return `person:${signedIn.person.id}`
  return tokenId === null ? caller.actor : `token:${tokenId}`
}

function forbidden(reason: 'role' | 'scope', message: string): Denial {
  return deny('FORBIDDEN', reason, { details: [{ path: 'Authorization', message }] })
}

/** Whether a caller may call a route. */
export function judgeAccess(caller: Caller, { may, reach }: Access): Denial | undefined {
  const { kind, scope, signedIn } = caller
  if (kind === 'signed' || !may.includes(kind)) return forbidden('role', `the role ${kind} may not do this`)
  if (reach === 'team' && !isWhole(scope) && signedIn === undefined)
    return forbidden(
      'scope',
      'the token is for a part of the installation, and this concerns the people of it',
    )
  if (reach === 'whole' && !isWhole(scope))
    return forbidden('scope', 'the token is for a part of the installation, and this concerns all of it')
  return undefined
}

/** Whether a caller may let people in who stay: a token that ends leaves nobody behind who does not. Throws FORBIDDEN. */
export function refuseEnding({ expiresAtMs }: Caller): void {
  if (expiresAtMs !== null)
    throw new DenialError(forbidden('scope', 'the token has an end, and whom it lets in would have none'))
}
