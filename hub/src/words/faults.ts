// What is said when something goes wrong.

import { ApiFault } from '../api/fault.ts'

const codes: Readonly<Record<string, string>> = {
  NO_ANSWER: 'The server did not answer. Check your connection and try again.',
  UNAUTHORIZED: 'You are signed out. Sign in to go on.',
  FORBIDDEN: 'Your role may not do this. Somebody with the role admin can.',
  CSRF_REJECTED: 'This page is out of date. Load it again, then try once more.',
  NOT_FOUND: 'It is not there, or it is none of yours.',
  KEY_REVOKED: 'This key was revoked meanwhile. A revoked key cannot be changed.',
  ROTATION_IN_PROGRESS: 'A rotation is already under way. End the old secret first, or wait until it ends.',
  REVISION_CONFLICT:
    'Somebody changed this key while you were at it. Look at what is there now, then decide again.',
  IDEMPOTENCY_MISMATCH: 'This was sent before with other contents. Load the page again.',
  STORE_UNAVAILABLE: 'The database cannot be reached. Nothing was changed; requests with known keys go on.',
  QUERY_TOO_SLOW: 'This takes too long to look up. Choose a shorter time, or fewer rows.',
  TOO_MANY_ATTEMPTS: 'Too many attempts. Wait a few minutes, then try again.',
  REAUTHENTICATION_REQUIRED:
    'It is a while since you signed in. Enter your password as well, or sign out and in again.',
  RATE_LIMITED: 'Too many requests at once. Wait a moment, then try again.',
  QUOTA_EXCEEDED: 'The month’s quota is used up. Ask for a larger one, or wait until the month is over.',
  LINK_ENDED: 'This link was used already, or is too old. Ask for a new one.',
  ACCOUNT_EXISTS: 'There is an account with this address already.',
  INTERNAL_ERROR: 'Something went wrong on our side. Tell us the request id and we can find out what.',
}

/** What a browser says that was asked for a passkey. */
const asked: Readonly<Record<string, string>> = {
  NotAllowedError: 'It was cancelled, or took too long. Try again.',
  AbortError: 'It was cancelled, or took too long. Try again.',
  InvalidStateError: 'This device has a passkey for this account already.',
}

const unsure =
  'No answer came, so it is not known whether this was done. Look at what is there now before you try again.'

export const faults = {
  requestId: 'Request',
  copyRequestId: 'Copy the request id',
  more: 'More about this error',
  fields: 'Some of what was entered cannot be taken:',
  notFetched: 'This page could not be fetched',
  broken: 'This page broke',
  brokenAbout: 'It was not meant to. Load it again; what was saved is saved.',
  reload: 'Load again',
  tell(fault: unknown): string {
    if (fault instanceof DOMException && asked[fault.name] !== undefined) return asked[fault.name] ?? ''
    if (!(fault instanceof ApiFault)) return 'Something unexpected went wrong on this page. Load it again.'
    if (fault.isUnsure) return unsure
    const [first] = fault.details
    if (fault.code === 'VALIDATION_FAILED' && first)
      return `${first.path.replace(/^\//, '') || 'It'} ${first.message}.`
    return codes[fault.code] ?? (fault.message || 'Something went wrong.')
  },
}
