// Signing in: somebody proves who they are, in one way or several, and gets a session. Every cause of a refusal looks the same
// and costs the same; the log alone has the reason.

import { hash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { readEmail } from '../../credentials/email.ts'
import { sessionPrefix } from '../../credentials/role.ts'
import { digestOf, generateSecret, type Secret } from '../../credentials/secret.ts'
import type { Reason } from '../../errors/reasons.ts'
import { findTotp, type StoredTotp } from '../../store/people/factor-table.ts'
import {
  insertSession,
  openSession,
  type NewSession,
  type Proof,
} from '../../store/people/hub-session-table.ts'
import { type Credentials, findCredentials, isKnownPlace } from '../../store/people/person-table.ts'
import type { Queryable } from '../../store/postgres.ts'
import type { HubApp } from './hub-app.ts'

/** What somebody has shown so far. */
export interface Proven {
  readonly personId: string
  readonly proofs: readonly Proof[]
  /** What a password was compared with; null: none was. */
  readonly password: string | null
}

export interface Asked {
  readonly email: string
  readonly password: string
  /** Whether a code is shown with it: codes have fewer tries. */
  readonly isWithCode: boolean
}

/** What was compared, before a second factor is. */
export interface HalfProven extends Proven {
  readonly person: Credentials
  readonly totp: StoredTotp | undefined
}

export interface Compared {
  /** Or why not, which nobody is told before a code was compared, too. */
  readonly half: HalfProven | Reason<'SIGN_IN_FAILED'>
  /** To be called once all was right: the tries are there again. */
  settle(): Promise<void>
}

/** Compares a password, as often as it may be tried, for `prove` alone. Throws TOO_MANY_ATTEMPTS. */
export async function comparePassword(hub: HubApp, request: FastifyRequest, asked: Asked): Promise<Compared> {
  const address = request.client ?? ''
  hub.attempts.refuseUsedUp('address', address)
  const { person, isKnown, account } = await hub.door.take(() => lookUp(hub, asked, address))
  // Whoever is signed in there already waits for no stranger.
  const isRight = await hub.work.verify(asked.password, person?.password ?? null, isKnown)
  // Asked for everybody; and behind what takes long, so that one that came into force meanwhile counts.
  const totp = await findTotp(hub.deps.db, person?.id ?? '')
  return {
    half: halfProven(person, isRight, totp),
    async settle() {
      await hub.attempts.right(address, account)
      if (asked.isWithCode) await hub.attempts.again('second', account)
    },
  }
}

function halfProven(
  person: Credentials | undefined,
  isRight: boolean,
  totp: StoredTotp | undefined,
): HalfProven | Reason<'SIGN_IN_FAILED'> {
  if (person === undefined) return 'unknown_account'
  if (person.password === null) return 'no_password'
  if (!isRight) return 'wrong_password'
  if (person.status === 'disabled') return 'account_disabled'
  return { personId: person.id, proofs: ['password'], password: person.password, person, totp }
}

/**
 * Takes a try of the address and of the account, and of its codes where one is shown: whether there is one or not, and whatever
 * is right of it. Throws TOO_MANY_ATTEMPTS.
 */
async function lookUp({ deps, attempts }: HubApp, { email, isWithCode }: Asked, address: string) {
  await attempts.take('address', address)
  // What cannot be an address is looked for all the same, and is nobody's.
  const known = readEmail(email)
  const person = await findCredentials(deps.db, known ?? '')
  const isKnown = await isKnownPlace(deps.db, person?.id ?? '', address)
  const account = accountBucket(known ?? email, isKnown && address)
  await attempts.take('account', account)
  if (isWithCode) await attempts.take('second', account)
  return { person, isKnown, account }
}

/** From where somebody is signed in, tries are counted apart: others who try keep nobody out. */
function accountBucket(email: string, place: string | false): string {
  return `${hash('sha256', email.toLowerCase(), 'base64url')}${place === false ? '' : ` ${place}`}`
}

/** Opens a session for who has shown enough. Throws SIGN_IN_FAILED where the account was changed meanwhile. */
export async function signIn(hub: HubApp, request: FastifyRequest, proven: Proven): Promise<Secret> {
  const { secret, session } = newSession(hub, request, proven)
  await openSession(hub.deps.db, session)
  return secret
}

/** As `signIn`, in a transaction that does more. */
export async function signInWithin(
  tx: Queryable,
  hub: HubApp,
  about: { readonly request: FastifyRequest; readonly proven: Proven },
): Promise<Secret> {
  const { secret, session } = newSession(hub, about.request, about.proven)
  await insertSession(tx, session)
  return secret
}

const longestUserAgent = 200

function newSession(
  { deps }: HubApp,
  request: FastifyRequest,
  { personId, proofs, password }: Proven,
): { readonly secret: Secret; readonly session: NewSession } {
  const secret = generateSecret(sessionPrefix)
  const nowMs = deps.now()
  const { 'user-agent': userAgent } = request.headers
  const session = {
    ...{ id: deps.newId('ses'), digest: digestOf(secret), personId, proofs, password, nowMs },
    endsAtMs: nowMs + deps.hub.sessions.absoluteMs,
    client: request.client ?? null,
    requestId: request.id,
    // Shown to its person; what does not print is nobody's browser.
    userAgent: userAgent?.replace(/[^\x20-\x7e]/g, '').slice(0, longestUserAgent) ?? null,
  }
  return { secret, session }
}
