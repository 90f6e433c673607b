// The kinds of values that keys have. `expects` completes "must be …" in a fault; `description` is what an editor shows
// beside the key; `isDuration` asks fit.ts for a bound that a pattern cannot say; `examples` stand in docs/configuration.md,
// where there is no default or it shows too little.

import { Type } from 'typebox'

/** Unknown keys are faults. */
export const closed = { additionalProperties: false } as const
/** RFC 9110 §5.6.2 */
export const token = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"

/** `500ms` … `90d`; not nothing, and no longer than a timer can wait. */
export const Duration = (options: { description: string; default?: string; examples?: [string] }) =>
  Type.String({
    pattern: '^0*[1-9][0-9]{0,12}(ms|s|m|h|d)$',
    isDuration: true,
    expects: 'a duration such as 500ms, 30s, 15m, 24h or 90d, longer than nothing and shorter than 25 days',
    ...options,
  })

/** The same, or nothing at all: `0s`. */
export const DurationOrNone = (options: { description: string; default: string; examples?: [string] }) =>
  Type.String({
    pattern: '^[0-9]{1,13}(ms|s|m|h|d)$',
    isDuration: true,
    expects: 'a duration such as 500ms, 30s or 15m, or 0s, shorter than 25 days',
    ...options,
  })

/** A duration, or `none`: that of what the requests go to. */
export const Timeout = (options: { description: string; default?: 'none'; examples?: [string] }) =>
  Type.Union([Type.Enum(['none']), Duration({ description: '' })], {
    expects: '`none`, or a duration such as 500ms, 30s or 15m, shorter than 25 days',
    ...options,
  })

/** `512kb`, `1mb`, `2gb` or a number of bytes. */
export const Size = (options: { description: string; default?: number; examples?: [string] }) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,6}(kb|mb|gb)$' })], {
    expects: 'a size such as 512kb, 1mb or 2gb, or a number of bytes',
    ...options,
  })

/** The same, or no limit at all. */
export const SizeOrNone = (options: { description: string; default?: 'none'; examples?: [string] }) =>
  Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^(none|[0-9]{1,6}(kb|mb|gb))$' })], {
    expects: 'a size such as 512kb, 1mb or 2gb, a number of bytes, or `none`',
    ...options,
  })

/** The name of a header field. */
export const HeaderName = (options: { description: string; default?: string; examples?: [string] }) =>
  Type.String({ pattern: token, maxLength: 200, expects: 'a header name', ...options })

/** Text that is not empty. */
export const Text = (
  description: string,
  { expects = 'text, not empty', example }: { expects?: string; example?: string } = {},
) =>
  Type.String({ minLength: 1, expects, description, ...(example !== undefined && { examples: [example] }) })
