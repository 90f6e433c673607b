// Why a call of the admin API failed, in words that name the thing, the reason and the mend.

import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'
import type { ErrorCode } from '../../errors/catalogue.ts'
import type { AdminCall } from './admin-call.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { printable } from '../../errors/printable.ts'

const Detail = Type.Object({
  path: Type.String(),
  message: Type.String(),
  line: Type.Optional(Type.Integer()),
})

const ErrorAnswer = Type.Object({
  error: Type.Object({
    code: Type.String(),
    message: Type.String(),
    request_id: Type.Optional(Type.String()),
    details: Type.Optional(Type.Array(Detail)),
  }),
})

/** What the operator can do about it, where the message does not say so already. */
const mends: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED:
    'The token in LATCHKEY_ADMIN_TOKEN is none that this control plane was started with, and none that it made and that still works; one of `latchkey login` has ended: sign in again.',
  FORBIDDEN: 'Call from an address in control.admin_from, with a token whose role may do it.',
  NOT_FOUND:
    'See `latchkey keys list` and `latchkey merchants list` for the ids that there are. Accounts of people are there where gateway.yaml has `hub`.',
  ROTATION_IN_PROGRESS:
    '`latchkey keys end-rotation ID` ends it; of a client, `--grace` of 0 ends all of its other secrets.',
  DENIED_BY_FILE: 'Take it out of the file that gateway.deny names; that is in force within a second.',
  STORE_UNAVAILABLE: 'Try again when the control plane reaches its Postgres; its /readyz says so.',
}

/** What says a member of the body on the command line. */
const options: Readonly<Record<string, string>> = {
  merchant_id: '--merchant',
  environment: '--env',
  expires_at: 'the expiry',
  grace_seconds: '--grace',
  permissions: '--permission',
  api: '--api',
  name: '--name',
  email: '--email',
  role: '--role',
  reason: '--reason',
  last4: '--last4',
  since: '--since',
  until: '--until',
}

interface Failure {
  readonly call: AdminCall
  readonly url: string
}

/** No answer: nobody listens, the connection broke, or it took too long. */
export function unreachable({ call, url, error }: Failure & { readonly error: unknown }): CliError {
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  const code = codeOf(error)
  const why = isLate ? 'it did not answer in time' : (code ?? 'the connection broke')
  const isUnsure = call.method !== 'GET' && code !== 'ECONNREFUSED' && code !== 'ENOTFOUND'
  const doubt = 'The change may have been made all the same: look before you repeat it.'
  return new CliError(
    `cannot ${call.doing}: no answer from the control plane at ${url} (${why})`,
    exitCodes.failed,
    ['Check that it runs there; LATCHKEY_ADMIN_URL sets another address.', ...(isUnsure ? [doubt] : [])],
  )
}

function codeOf(error: unknown): string | undefined {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** An answer that says no; or one that is not the admin API's. */
export function refusal(failure: Failure & { readonly status: number; readonly answer: unknown }): CliError {
  const { call, url, status, answer } = failure
  if (!Check(ErrorAnswer, answer)) return foreignAnswer(url, status)
  const { code, message, details = [], request_id: requestId } = answer.error
  const mend = isKnown(code) ? mends[code] : undefined
  return new CliError(`cannot ${call.doing}: ${printable(message)} [${printable(code)}]`, exitCodes.failed, [
    ...details.map((detail) => detailLine(detail, call)),
    ...(mend === undefined ? [] : [mend]),
    ...(requestId === undefined ? [] : [`Request ${printable(requestId)} at ${url}`]),
  ])
}

/** Something answers there, but not as the admin API does. */
export function foreignAnswer(url: string, status?: number): CliError {
  const how = status === undefined ? '' : ` (HTTP ${status})`
  return new CliError(`${url} does not answer as Latchkey's admin API${how}`, exitCodes.failed, [
    'LATCHKEY_ADMIN_URL must name the control port, 8081 unless configured otherwise.',
  ])
}

function isKnown(code: string): code is keyof typeof mends {
  return Object.hasOwn(mends, code)
}

/** A fault of a file stands at a line of it; any other at what was typed. */
function detailLine({ path, message, line }: Static<typeof Detail>, call: AdminCall): string {
  const place = line === undefined && call.file === undefined ? placeOf(path, call) : printable(path.slice(1))
  const at = line === undefined ? '' : `line ${line + (call.file?.linesBefore ?? 0)}`
  const places = [at, place].filter((text) => text !== '')
  return places.length === 0 ? printable(message) : `${places.join(', ')}: ${printable(message)}`
}

/** `/permissions/1` → `--permission transaction.reed`: where the person finds it in what they typed. */
function placeOf(path: string, call: AdminCall): string {
  const [member = '', index] = path.replace(/^\//, '').split('/')
  const option = options[member]
  if (option === undefined) return printable(path)
  const values = call.body?.[member]
  const value: unknown = Array.isArray(values) && index !== undefined ? values[Number(index)] : undefined
  return typeof value === 'string' ? `${option} ${printable(value)}` : option
}
