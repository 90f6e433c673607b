// Passwords are hashed and compared by argon2id, which costs time and memory by design: so few at once, and few that wait.
// It runs in threads of Node's pool; as they are not all taken, files and names are still read and found meanwhile.

import { hash, type Options, verify } from '@node-rs/argon2'
import { normalPassword } from '../../credentials/password.ts'
import { createTurns, type TurnBounds } from './turns.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. The algorithm is the package's default. */
const cost: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export interface PasswordWork {
  /** A PHC string. */
  hash(password: string): Promise<string>
  /** Compares with what is stored; with nothing stored it takes as long, and is false. `isFirst`: before others that wait. */
  verify(password: string, stored: string | null, isFirst?: boolean): Promise<boolean>
  /** How many were done. */
  readonly done: () => number
}

/** Nothing is computed before it is asked for. `hash` and `verify` throw TOO_MANY_ATTEMPTS where as many wait as may. */
export function createPasswordWork(bounds: TurnBounds): PasswordWork {
  const turns = createTurns(bounds)
  let done = 0
  let decoy: Promise<string> | undefined

  return {
    hash: (password) =>
      turns.take(async () => {
        done += 1
        return hash(normalPassword(password), cost)
      }, true),
    async verify(password, stored, isFirst = false) {
      // One for all that there is none of, of no password: made once, whoever comes first.
      decoy ??= hash(crypto.randomUUID(), cost)
      const against = stored ?? (await decoy)
      const isRight = await turns.take(async () => {
        done += 1
        return verify(against, normalPassword(password))
      }, isFirst)
      return isRight && stored !== null
    },
    done: () => done,
  }
}
