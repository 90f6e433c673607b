// How often a password may be tried: from an address, and at an account, whether there is one or not. Rows in Postgres, so that
// it holds over instances and restarts; what was used up is remembered here, so that going on costs no question.

import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { clientNetwork, plainAddress } from '../../config/request/addresses.ts'
import { deny, DenialError } from '../../errors/denial.ts'
import { giveBack, type Pace, takeTry } from '../../store/people/pace-table.ts'
import type { AdminDeps } from '../dependencies.ts'

/** Wrong ones; who is right gets them back. */
const paces = {
  /** Some people share an address. */
  address: { burst: 20, everyMs: 6_000 },
  account: { burst: 10, everyMs: 30_000 },
  /** Mails that somebody asks for without having signed in. */
  mail_to: { burst: 3, everyMs: 10 * 60_000 },
  mail_from: { burst: 10, everyMs: 60_000 },
  /** Of a merchant, by somebody, of a merchant to an address, and to an address whoever they are from: each is a mail to one that has not asked for it. */
  invitations: { burst: 50, everyMs: 30_000 },
  inviter: { burst: 100, everyMs: 15_000 },
  invited: { burst: 5, everyMs: 30 * 60_000 },
  /** Wide, so that no merchant keeps another from inviting. */
  invited_by_all: { burst: 30, everyMs: 5 * 60_000 },
  /** Codes of a second factor, by whoever knows the password. */
  second: { burst: 5, everyMs: 5 * 60_000 },
  /** Codes that command lines show, by whoever is signed in. */
  device: { burst: 10, everyMs: 30_000 },
  /** What a command line asks with that is none, or none any more. */
  stray: { burst: 20, everyMs: 6_000 },
  /** What is begun by whoever comes, and has a row until it is finished or over. */
  begun: { burst: 30, everyMs: 2_000 },
  /** Programs that show themselves wrongly: many may share an address. */
  client: { burst: 60, everyMs: 1_000 },
  /** The same of requests for access, to which the programs of many lead. */
  access: { burst: 120, everyMs: 1_000 },
} as const satisfies Record<string, Pace>
type Kind = keyof typeof paces

const reasons = {
  address: 'pace_of_address',
  account: 'pace_of_account',
  mail_to: 'pace_of_mails',
  mail_from: 'pace_of_mails',
  invitations: 'pace_of_mails',
  inviter: 'pace_of_mails',
  invited: 'pace_of_mails',
  invited_by_all: 'pace_of_mails',
  second: 'pace_of_codes',
  device: 'pace_of_codes',
  stray: 'pace_of_address',
  begun: 'pace_of_address',
  client: 'pace_of_address',
  access: 'pace_of_address',
} as const satisfies Record<Kind, string>

const mostRemembered = 10_000

export interface Attempts {
  /** Throws TOO_MANY_ATTEMPTS where it is known without a question that there is no try. */
  refuseUsedUp(kind: Kind, of: string): void
  /** Throws TOO_MANY_ATTEMPTS. `of`: an address, or what an account is known by. */
  take(kind: Kind, of: string): Promise<void>
  /** Whoever was right: the account's are all there again, the address has one more. */
  right(address: string, account: string): Promise<void>
  /** One try of a bucket is there again. */
  back(kind: Kind, of: string): Promise<void>
  /** All tries of a bucket are there again. */
  again(kind: Kind, of: string): Promise<void>
}

export function createAttempts({ db, now }: Pick<AdminDeps, 'db' | 'now'>): Attempts {
  /** Bucket → when there is another try. */
  const usedUp = new LRUCache<string, number>({ max: mostRemembered })

  function refuse(kind: Kind, waitMs: number): never {
    const retryAfterSeconds = Math.ceil(waitMs / 1000)
    throw new DenialError(deny('TOO_MANY_ATTEMPTS', reasons[kind], { retryAfterSeconds }))
  }

  function refuseUsedUp(kind: Kind, of: string): void {
    const untilMs = usedUp.get(bucketOf(kind, of)) ?? 0
    if (untilMs > now()) refuse(kind, untilMs - now())
  }

  return {
    refuseUsedUp,
    async take(kind, of) {
      refuseUsedUp(kind, of)
      const bucket = bucketOf(kind, of)
      const nowMs = now()
      const waitMs = await takeTry(db, { bucket, nowMs, ...paces[kind] })
      if (waitMs === 0) return
      usedUp.set(bucket, nowMs + waitMs)
      refuse(kind, waitMs)
    },
    async back(kind, of) {
      await giveBack(db, { bucket: bucketOf(kind, of), everyMs: paces[kind].everyMs })
    },
    async again(kind, of) {
      const bucket = bucketOf(kind, of)
      usedUp.delete(bucket)
      await giveBack(db, { bucket, everyMs: null })
    },
    async right(address, account) {
      const { everyMs } = paces.address
      await giveBack(db, { bucket: bucketOf('address', address), everyMs })
      const bucket = bucketOf('account', account)
      usedUp.delete(bucket)
      await giveBack(db, { bucket, everyMs: null })
    },
  }
}

const ofNetworks: ReadonlySet<Kind> = new Set([
  ...['address', 'mail_from', 'begun', 'stray', 'client', 'access'],
] as const)

/** Of bounded length, and nothing that was typed stands in it. Of IPv6 a /64 is one place (RFC 6177). */
function bucketOf(kind: Kind, of: string): string {
  if (ofNetworks.has(kind)) return `${kind}:${clientNetwork(plainAddress(of))}`
  return `${kind}:${hash('sha256', of, 'base64url')}`
}
