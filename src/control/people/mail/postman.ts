// Sends what stands in the table of mails, one after another, and again later what could not be sent. The link of a mail is made
// as it is sent: until then there is none that anybody could read in the table.

import {
  claimMail,
  type ClaimedMail,
  countMails,
  keyMailKinds,
  postponeMail,
  readAbout,
  removeMail,
  removeMailAndAbout,
} from '../../../store/people/mail-table.ts'
import type { LinkFor } from '../../../store/people/link-table.ts'
import { isRecipient } from '../../../store/keys/mailed-reminder-table.ts'
import type { Postgres } from '../../../store/postgres.ts'
import { explainFailure } from '../../../store/refusals.ts'
import { type HubPlace, makeLink } from '../link.ts'
import type { MailTransport } from './transport.ts'
import { type Letter, lettersOf } from './words.ts'

export interface PostmanDeps {
  readonly db: Postgres
  readonly hub: HubPlace
  readonly transport: MailTransport
  /** Milliseconds since the epoch. */
  now(): number
  readonly log: {
    warn(details: object, message: string): void
    error(details: object, message: string): void
  }
  /** A mail was sent, or given up. */
  counted(outcome: 'sent' | 'failed' | 'given_up'): void
}

export interface Postman {
  /** Looks now. Never throws. */
  kick(): void
  /** How many mails wait, as last seen; undefined: not known yet. */
  waiting(): number | undefined
  stop(): Promise<void>
}

const lookEveryMs = 15_000
/** Nobody else takes a mail while it is sent. */
const claimedForMs = 60_000
/** What is about a link that works for 24 hours is of no use later; what keys are reminded of is told once. */
const givenUpAfterMs = 24 * 60 * 60_000
const reminderGivenUpAfterMs = 7 * givenUpAfterMs
const firstPauseMs = 10_000
const longestPauseMs = 10 * 60_000

export function createPostman(deps: PostmanDeps): Postman {
  let running: Promise<void> | undefined
  let isStopped = false
  const isOver = () => isStopped
  let isKicked = false
  let seen: number | undefined

  async function round(): Promise<void> {
    do {
      isKicked = false
      // The next ones wait for their own time: while the server is away each is tried once.
      while (!isOver() && (await sendNext(deps)));
      seen = await countMails(deps.db)
    } while (isKicked && !isOver())
  }

  function kick(): void {
    isKicked = true
    if (isStopped) return
    running ??= round()
      .catch((error: unknown) => deps.log.warn({ reason: explainFailure(error) }, 'Mails wait for Postgres'))
      .finally(() => {
        running = undefined
      })
  }

  const timer = setInterval(kick, lookEveryMs).unref()
  kick()
  return {
    kick,
    waiting: () => seen,
    async stop() {
      isStopped = true
      clearInterval(timer)
      await running
      deps.transport.close()
    },
  }
}

/** Whether there was one. */
async function sendNext(deps: PostmanDeps): Promise<boolean> {
  const nowMs = deps.now()
  const mail = await claimMail(deps.db, { nowMs, forMs: claimedForMs })
  if (mail === undefined) return false
  const isOfKeys = keyMailKinds.includes(mail.kind)
  const patienceMs = isOfKeys ? reminderGivenUpAfterMs : givenUpAfterMs
  const remove = isOfKeys ? removeMailAndAbout : removeMail
  if (nowMs - mail.createdAtMs > patienceMs) {
    deps.log.error(
      { mail: mail.id, kind: mail.kind, tries: mail.tries },
      patienceMs === givenUpAfterMs
        ? 'A mail could not be sent for a day'
        : 'A mail could not be sent for a week',
    )
    deps.counted('given_up')
    await remove(deps.db, mail.id)
    return true
  }
  const about = isOfKeys ? await readAbout(deps.db, mail.id) : null
  if (isOfKeys && !(await isStillFor(deps.db, mail, about))) {
    await remove(deps.db, mail.id)
    return true
  }
  try {
    await deps.transport.send(mail.recipient, await letterOf(deps, { ...mail, about }, nowMs))
    deps.counted('sent')
    await remove(deps.db, mail.id)
  } catch (error) {
    const failure = codeOf(error)
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(mail.tries - 1, 10))
    deps.log.warn(
      { mail: mail.id, kind: mail.kind, tries: mail.tries, failure },
      'A mail waits: it could not be sent',
    )
    deps.counted('failed')
    await postponeMail(deps.db, { id: mail.id, nextAtMs: deps.now() + pauseMs, failure })
  }
  return true
}

/** Whether it is still theirs to know: such a mail may wait for a week, and names keys. */
async function isStillFor(
  db: Postgres,
  { personId, kind }: ClaimedMail,
  about: object | null,
): Promise<boolean> {
  const { merchantId }: { merchantId?: unknown } = about ?? {}
  if (personId === null || typeof merchantId !== 'string') return false
  return isRecipient(db, { merchantId, personId }, kind === 'reminder')
}

type TellingMail = ClaimedMail & { readonly about: object | null }

async function letterOf(deps: PostmanDeps, mail: TellingMail, nowMs: number): Promise<Letter> {
  const publicUrl = deps.hub.publicUrl + deps.hub.path
  return lettersOf(mail, { publicUrl, url: await urlOf(deps, mail, nowMs) })
}

async function urlOf(deps: PostmanDeps, mail: ClaimedMail, nowMs: number): Promise<string | null> {
  const of = linkFor(mail)
  return of && (await makeLink(deps.db, { hub: deps.hub, nowMs }, of)).url
}

function linkFor({ kind, personId, invitationId }: ClaimedMail): LinkFor | null {
  if (kind === 'invitation' && invitationId !== null) return { purpose: 'invitation', invitationId }
  return (kind === 'reset' || kind === 'set_password') && personId !== null
    ? { purpose: kind, personId }
    : null
}

/** A word: what servers say may hold addresses. */
function codeOf(error: unknown): string {
  const { code, responseCode }: { code?: unknown; responseCode?: unknown } = Object(error)
  // What the server said to STARTTLS is no word on the mail.
  if (code === 'ETLS') return 'etls'
  if (typeof responseCode === 'number') return `smtp_${responseCode}`
  return typeof code === 'string' && /^[A-Z_]{1,32}$/.test(code) ? code.toLowerCase() : 'unknown'
}
