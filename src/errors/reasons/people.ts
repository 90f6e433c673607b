// Why refusals happen, in words for the log: those of people who sign in at the hub, and of their accounts.

import type { ErrorCode } from '../catalogue.ts'

export const peopleReasons = {
  SIGN_IN_FAILED: {
    unknown_account: 'No account has the e-mail address',
    no_password: 'The account has no password yet: its link was not used',
    wrong_password: 'The password is wrong',
    account_disabled: 'The password is right, and the account is disabled',
    changed_meanwhile: 'The account was changed while it signed in',
    second_factor_missing: 'The password is right, and the code that the account asks for was not given',
    passkey_challenge: 'A passkey answers no question that was asked, or one that is over',
    passkey_unknown: 'No account has the passkey',
    passkey_wrong: 'What the passkey has signed does not fit: origin, owner, counter or signature',
    oidc_not_begun:
      'Somebody comes from an identity provider who has not gone there from this browser, or long ago',
    oidc_refused: 'The identity provider has refused, or its answer does not fit',
    oidc_no_email: 'The identity provider names no e-mail address that it has verified',
    oidc_other_subject: 'The account is known at the identity provider as somebody else’s',
    oidc_no_operator: 'An operator without the claim that the provider’s operators have',
    oidc_no_link:
      'The account has a second factor or a passkey, and the identity provider is to be taken for it for the first time by the address alone',
    operator_invited: 'An operator, whose account is no member’s, has followed an invitation',
    wrong_code: 'The code of the second factor is wrong, or was used',
  },
  REAUTHENTICATION_REQUIRED: {
    proof_old: 'The session is older than ten minutes, and no password was given',
  },
  FACTOR_IN_FORCE: { totp_in_force: 'The account has a second factor' },
  PROVIDER_UNAVAILABLE: { oidc_discovery: 'Its /.well-known/openid-configuration cannot be had' },
  CSRF_REJECTED: {
    origin: 'Origin is missing, or is that of another site',
    csrf_token: 'X-CSRF-Token is missing, or is not that of the session',
  },
  LINK_ENDED: { link_ended: 'No link that works is known by that' },
  TOO_MANY_ATTEMPTS: {
    pace_of_address: 'More attempts from the address than it may make',
    pace_of_account: 'More attempts at the account than may be made',
    pace_of_mails: 'More mails asked for than may be sent',
    pace_of_codes: 'More codes of a second factor tried than may be',
    passwords_waiting: 'More passwords wait to be checked than one process checks',
  },
  ACCOUNT_EXISTS: { account_exists: 'The e-mail address is that of an account' },
} as const satisfies Partial<Record<ErrorCode, Readonly<Record<string, string>>>>
