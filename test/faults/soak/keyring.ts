// Keys that change under those who use them, and a judge of what clients are answered: a secret may be taken while some
// state that it may have had between question and answer is a good one, and refused while some is not.

import type { AdminClient } from '../../support/admin.ts'
import { type Answer, unknownSecret } from '../client.ts'
import { nowMs } from '../clock.ts'

interface Change {
  readonly isGood: boolean
  /** Monotonic milliseconds. */
  readonly calledAt: number
  /** When it was in force everywhere; infinite: not yet. */
  answeredAt: number
}

interface Secret {
  readonly text: string
  readonly changes: Change[]
}

interface Key {
  readonly id: string
  /** Those that are not dead. */
  secrets: Secret[]
  step: number
}

export interface Verdicts {
  /** Dead secrets that were taken, and good ones that were refused. */
  deadTaken: number
  goodRefused: number
  /** Answers that are neither, by status and code. */
  readonly others: Record<string, number>
  /** Changes so far; those whose answer named somebody, and those that failed. */
  changes: number
  pending: number
  failed: number
}

export interface Keyring {
  readonly verdicts: Verdicts
  /** One to ask with: good ones mostly, dead and unknown ones too. */
  choose(): string
  /** Judges; gives whether the answer is a use of a key. */
  see(secret: string, answer: Answer): boolean
  /** Makes the next change, and waits until it is in force everywhere. */
  change(): Promise<void>
}

/** A key's whole life; then another is made in its place. */
const life = ['disable', 'enable', 'rotate', 'rotation/end', 'rotate at once', 'revoke'] as const
const most = { keys: 8, dead: 30 }

/** Makes it, with keys of one merchant. */
export async function createKeyring(admin: AdminClient): Promise<Keyring> {
  const merchant = await admin.makeMerchant()
  const bySecret = new Map<string, Secret>()
  const keys: Key[] = []
  const dead: Secret[] = []
  const verdicts: Verdicts = { deadTaken: 0, goodRefused: 0, others: {}, changes: 0, pending: 0, failed: 0 }

  function addSecret(key: Key, text: string): void {
    const never = Number.NEGATIVE_INFINITY
    const secret = { text, changes: [{ isGood: true, calledAt: never, answeredAt: never }] }
    key.secrets.push(secret)
    bySecret.set(text, secret)
  }

  async function makeKey(): Promise<void> {
    const { id, secret } = await admin.makeKey(merchant)
    const key: Key = { id, secrets: [], step: 0 }
    addSecret(key, secret)
    keys.push(key)
  }

  /** Calls, with `of` becoming good or bad by it. */
  async function call(path: string, of: readonly Secret[], { isGood = false, body = {} } = {}) {
    const change = { isGood, calledAt: nowMs(), answeredAt: Number.POSITIVE_INFINITY }
    for (const secret of of) secret.changes.push(change)
    const answer = await admin.call('POST', `/keys/${path}?wait=all`, body)
    verdicts.changes++
    if (answer.status !== 200) verdicts.failed++
    else if (Array.from(Object(answer.body['pending'])).length > 0) verdicts.pending++
    else change.answeredAt = nowMs()
    return answer.body
  }

  function bury(key: Key, secrets: readonly Secret[]): void {
    key.secrets = key.secrets.filter((secret) => !secrets.includes(secret))
    dead.push(...secrets)
    for (const gone of dead.splice(0, dead.length - most.dead)) bySecret.delete(gone.text)
  }

  async function live(key: Key): Promise<void> {
    const step = life[key.step++]
    const before = [...key.secrets]
    if (step === 'disable') await call(`${key.id}/disable`, before)
    else if (step === 'enable') await call(`${key.id}/enable`, before, { isGood: true })
    else if (step === 'rotate') {
      const { secret } = await call(`${key.id}/rotate`, [], { body: { grace_seconds: 3_600 } })
      addSecret(key, String(secret))
    } else if (step === 'rotate at once') {
      const { secret } = await call(`${key.id}/rotate`, before, { body: { grace_seconds: 0 } })
      bury(key, before)
      addSecret(key, String(secret))
    } else {
      const ending = step === 'revoke' ? before : before.slice(0, 1)
      await call(`${key.id}/${step}`, ending)
      bury(key, ending)
    }
  }

  for (let i = 0; i < most.keys; i++) await makeKey()
  return {
    verdicts,
    choose() {
      const turn = Math.random()
      if (turn < 0.04) return unknownSecret('pk_live_')
      const from = turn < 0.2 && dead.length > 0 ? dead : keys.flatMap((key) => key.secrets)
      return from[Math.floor(Math.random() * from.length)]?.text ?? unknownSecret('pk_live_')
    },
    see(text, { status, code, sentAtMs, tookMs }) {
      const secret = bySecret.get(text)
      const states = secret === undefined ? [false] : statesOf(secret, sentAtMs, sentAtMs + tookMs)
      if (status === 200) verdicts.deadTaken += Number(!states.includes(true))
      else if (status === 401) verdicts.goodRefused += Number(!states.includes(false))
      else {
        const kind = `${status} ${code}`
        verdicts.others[kind] = (verdicts.others[kind] ?? 0) + 1
      }
      return secret !== undefined && (status === 200 || status === 401)
    },
    async change() {
      const key = keys.shift()
      if (key === undefined) return
      await live(key)
      if (key.step < life.length) keys.push(key)
      else await makeKey()
    },
  }
}

/** The states that a secret may have had between two moments. */
function statesOf({ changes }: Secret, from: number, to: number): boolean[] {
  let states: boolean[] = []
  for (const { isGood, calledAt, answeredAt } of changes) {
    if (answeredAt <= from) states = [isGood]
    else if (calledAt <= to) states.push(isGood)
  }
  return states
}
