// Why refusals happened, in sentences for whoever sent the request: those of people who sign in at the hub, and of their accounts.

import type { ErrorCode } from '../catalogue.ts'

const busy = 'The gateway had too much to do at that moment. Please send the request again in a moment.'
// One for every cause: whoever reads it aloud must not tell who has an account.
const signIn =
  'The e-mail address and the password or code do not belong together, or the account cannot be used.'
const otherWay =
  'The sign-in of the other company did not lead to an account here. Please try again, or sign in with a password.'
const otherPage = 'The change was not sent by the pages of the hub itself. Please load the page again.'
const tooManyAttempts = 'There were too many attempts to sign in. Please wait a minute and try again.'

export const peopleSentences = {
  SIGN_IN_FAILED: {
    unknown_account: signIn,
    no_password: signIn,
    wrong_password: signIn,
    account_disabled: signIn,
    oidc_no_link: otherWay,
    operator_invited: signIn,
    changed_meanwhile: 'The account was changed in that moment. Please sign in again.',
    second_factor_missing: signIn,
    wrong_code: signIn,
    passkey_challenge: signIn,
    passkey_unknown: signIn,
    passkey_wrong: signIn,
    oidc_not_begun: otherWay,
    oidc_refused: otherWay,
    oidc_no_email: otherWay,
    oidc_other_subject: otherWay,
    oidc_no_operator: otherWay,
  },
  REAUTHENTICATION_REQUIRED: {
    proof_old: 'Please give the password again before changing how you sign in.',
  },
  FACTOR_IN_FORCE: {
    totp_in_force: 'The account has a second factor. Please take it away before setting up another.',
  },
  PROVIDER_UNAVAILABLE: {
    oidc_discovery:
      'The sign-in of the other company does not answer. Please try again, or sign in otherwise.',
  },
  CSRF_REJECTED: {
    origin: otherPage,
    csrf_token: otherPage,
  },
  LINK_ENDED: { link_ended: 'The link was used already, or its time is over. Please ask for a new one.' },
  TOO_MANY_ATTEMPTS: {
    pace_of_address: tooManyAttempts,
    pace_of_account: tooManyAttempts,
    pace_of_codes: tooManyAttempts,
    pace_of_mails: 'More mails were asked for than may be sent. Please wait a while.',
    passwords_waiting: busy,
  },
  ACCOUNT_EXISTS: { account_exists: 'There is an account with that e-mail address already.' },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
