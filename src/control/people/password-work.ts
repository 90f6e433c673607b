// Passwords are hashed and compared by argon2id, which costs time and memory by design: so few at once, and few that wait.
// It runs in threads of Node's pool; as they are not all taken, files and names are still read and found meanwhile.

import { hash, type Options, verify } from '@node-rs/argon2'
import { normalPassword } from '../../credentials/password.ts'
import { deny, DenialError } from '../../errors/denial.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. The algorithm is the package's default. */
const cost: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

export interface PasswordWork {
  /** A PHC string. */
  hash(password: string): Promise<string>
  /** Compares with what is stored; with nothing stored it takes as long, and is false. */
  verify(password: string, stored: string | null): Promise<boolean>
  /** Throws TOO_MANY_ATTEMPTS where as many wait as may. */
  refuseWhenFull(): void
  /** How many were done, for tests and metrics. */
  readonly done: () => number
}

export interface WorkBounds {
  readonly atOnce: number
  readonly waiting: number
}

/** Nothing is computed before it is asked for. `hash` and `verify` throw TOO_MANY_ATTEMPTS as well. */
export function createPasswordWork({ atOnce, waiting }: WorkBounds): PasswordWork {
  const queue: (() => void)[] = []
  let running = 0
  let done = 0
  let decoy: Promise<string> | undefined

  function refuseWhenFull(): void {
    if (queue.length >= waiting)
      throw new DenialError(deny('TOO_MANY_ATTEMPTS', 'passwords_waiting', { retryAfterSeconds: 2 }))
  }

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    refuseWhenFull()
    if (running >= atOnce) await new Promise<void>((resolve) => queue.push(resolve))
    else running += 1
    try {
      return await work()
    } finally {
      done += 1
      // The place goes on to the next, if any.
      const next = queue.shift()
      if (next === undefined) running -= 1
      else next()
    }
  }

  return {
    refuseWhenFull,
    hash: (password) => inTurn(() => hash(normalPassword(password), cost)),
    async verify(password, stored) {
      // One for all that there is none of, of no password: made once, whoever comes first.
      decoy ??= hash(crypto.randomUUID(), cost)
      const against = stored ?? (await decoy)
      const isRight = await inTurn(() => verify(against, normalPassword(password)))
      return isRight && stored !== null
    },
    done: () => done,
  }
}
