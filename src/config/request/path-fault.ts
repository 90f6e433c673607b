// What is wrong with a request target, and how it is said: to log and metric a word, to the client a fixed sentence with the
// place. The sentence repeats nothing of the request.

import { type Denial, deny } from '../../errors/denial.ts'
import type { Reason } from '../../errors/reasons.ts'

export type PathReason = Reason<'INVALID_PATH'>

export interface PathFault {
  readonly reason: PathReason
  /** Offset in the request target; undefined: there is no one place. */
  readonly at: number | undefined
}

const pathHolds: Readonly<Partial<Record<PathReason, string>>> = {
  backslash: 'a backslash',
  dot_segment: 'a dot segment (. or ..)',
  empty_segment: 'two slashes in a row',
  escaped_backslash: 'an escaped backslash (%5c)',
  escaped_control: 'an escaped control character',
  escaped_hash: 'an escaped hash (%23)',
  escaped_percent: 'an escaped percent sign (%25)',
  escaped_question_mark: 'an escaped question mark (%3f)',
  escaped_semicolon: 'an escaped semicolon (%3b)',
  escaped_slash: 'an escaped slash (%2f)',
  hidden_literal: 'what can be read as the name of another resource',
  malformed_escape: 'a percent sign that begins no escape',
  nested_escape: 'an escape within an escape',
  not_utf8: 'escapes that are not UTF-8',
  raw_byte: 'a character that must be escaped',
  semicolon: 'a semicolon (;)',
}

const otherHints: Readonly<Partial<Record<PathReason, string>>> = {
  fragment: 'the request target holds a hash (#)',
  not_origin_form: 'the request target does not begin with a slash',
  raw_byte_in_query: 'the query holds a character that must be escaped',
}

/** The refusal of a target. Bytes are counted from 1. */
export function denyPath({ reason, at }: PathFault): Denial {
  const held = pathHolds[reason]
  const hint = held === undefined ? otherHints[reason] : `the path holds ${held}`
  if (hint === undefined) return deny('INVALID_PATH', reason)
  return deny('INVALID_PATH', reason, { hint: at === undefined ? hint : `${hint} at byte ${at + 1}` })
}
