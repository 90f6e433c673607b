// Makes requests as bytes, good and bad, for the gateway to be held against the reference reader.

import {
  type Arbitrary,
  array,
  constant,
  constantFrom,
  double,
  integer,
  oneof,
  record,
  tuple,
  uint8Array,
} from 'fast-check'
import {
  bytes,
  hostileFields,
  hostileSegments,
  hostileTargets,
  ids,
  keyFields,
  methods,
  names,
  values,
} from './raw-request-parts.ts'

export interface Script {
  readonly messages: readonly Message[]
  /** Where the bytes are cut into writes, as shares of the whole. */
  readonly cuts: readonly number[]
}

interface Message {
  readonly line: readonly [string, string]
  readonly query: string
  readonly fields: readonly string[]
  readonly body: string
  readonly framing: 'none' | 'announced' | readonly number[]
  readonly faults: readonly Fault[]
}

/** A change of a message's bytes; `at` is a share of its length. */
type Fault =
  | { readonly kind: 'line'; readonly line: readonly [string, string] }
  | { readonly kind: 'field'; readonly field: string }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'replace'; readonly at: number; readonly text: string }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'key'; readonly field: string }

const lines = oneof(
  tuple(constantFrom('GET', 'HEAD', 'DELETE'), segment('/v1/transactions/')),
  tuple(constant('POST'), segment('/v1/transactions/', '/refund')),
  tuple(constant('GET'), segment('/v1/files/', '/b/')),
  constantFrom<[string, string]>(
    ['POST', '/v1/upload'],
    ['GET', '/v1/status'],
    ['GET', '/v1/exports/summary'],
  ),
)

function segment(before: string, after = ''): Arbitrary<string> {
  return constantFrom(...ids).map((id) => `${before}${id}${after}`)
}

const hostileLines = oneof(
  tuple(
    constantFrom(...methods),
    constantFrom('/v1/transactions/', '/v1/exports/', '/v1/files/').chain((before) =>
      constantFrom(...hostileSegments).map((part) => before + part),
    ),
  ),
  tuple(constantFrom('GET', 'POST', 'OPTIONS', 'CONNECT'), constantFrom(...hostileTargets)),
)

const fields = oneof(
  {
    weight: 6,
    arbitrary: tuple(constantFrom(...names), constantFrom(...values)).map(([n, v]) => `${n}: ${v}`),
  },
  constantFrom(
    'Connection: keep-alive, X-Merchant-Id, X-Api-Key',
    'connection: content-length, host',
    'Expect: x',
    'Content-Type: application/json',
    'Accept: application/problem+json',
  ),
)

const share = double({ min: 0, max: 1, noNaN: true })
const faults: Arbitrary<Fault> = oneof(
  hostileLines.map((line) => ({ kind: 'line', line }) as const),
  constantFrom(...hostileFields).map((field) => ({ kind: 'field', field }) as const),
  constantFrom(...keyFields).map((field) => ({ kind: 'key', field }) as const),
  record({
    kind: constantFrom('insert' as const, 'replace' as const),
    at: share,
    text: constantFrom(...bytes),
  }),
  record({ kind: constantFrom('remove' as const, 'cut' as const), at: share }),
)

const inner =
  'POST /v1/transactions/inner/refund HTTP/1.1\r\nHost: api.flintn.com\r\nContent-Length: 0\r\n\r\n'
const bodies = oneof(
  constantFrom(
    '',
    'x',
    inner,
    `0\r\n\r\n${inner}`,
    '\u0000\u00ff\r\n',
    '5\r\nhello\r\n0\r\n\r\n',
    'b'.repeat(70_000),
  ),
  uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString('latin1')),
)

const message = (isHostile: boolean): Arbitrary<Message> =>
  record({
    line: lines,
    query: constantFrom('', '&a=b', '&x=%00%zz', '&y=/../;[]"{}|\\^`', '&&=&?'),
    fields: array(fields, { maxLength: 6 }),
    body: bodies,
    framing: oneof(
      constantFrom('none' as const, 'announced' as const),
      array(integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 4 }),
    ),
    faults: isHostile ? array(faults, { minLength: 1, maxLength: 2 }) : constant([]),
  })

/** Connections that hold good requests alone. */
export const goodScripts: Arbitrary<Script> = scripts(message(false))
/** Connections of good and bad ones. */
export const mixedScripts: Arbitrary<Script> = scripts(oneof(message(false), message(true)))

function scripts(messages: Arbitrary<Message>): Arbitrary<Script> {
  return record({
    messages: array(messages, { minLength: 1, maxLength: 4 }),
    cuts: array(share, { maxLength: 5 }),
  })
}

/** The bytes of a script, as latin1. `serial` is called once a message, to make each of them the only one of its kind. */
export function bytesOf(script: Script, key: string, serial: () => number): string {
  return script.messages.map((each) => messageBytes(each, key, serial())).join('')
}

function messageBytes(sketch: Message, key: string, serial: number): string {
  const [method, path] = sketch.faults.find((fault) => fault.kind === 'line')?.line ?? sketch.line
  const keyField = sketch.faults.find((fault) => fault.kind === 'key')?.field ?? 'X-Api-Key: KEY'
  const added = sketch.faults.filter((fault) => fault.kind === 'field').map(({ field }) => field)
  const mark = path.includes('?') ? '&' : '?'
  const head = [
    `${method} ${path}${mark}n=${serial}${sketch.query} HTTP/1.1`,
    'Host: api.flintn.com',
    ...(keyField === '' ? [] : [keyField.replaceAll('KEY', key)]),
    ...sketch.fields,
    ...framingFields(sketch),
    ...added,
  ]
  return sketch.faults.reduce(damage, `${head.join('\r\n')}\r\n\r\n${framedBody(sketch)}`)
}

function framingFields({ framing, body }: Message): string[] {
  if (framing === 'none') return []
  return framing === 'announced' ? [`Content-Length: ${body.length}`] : ['Transfer-Encoding: chunked']
}

function framedBody({ framing, body }: Message): string {
  if (framing === 'none') return ''
  if (framing === 'announced') return body
  let chunks = ''
  for (let at = 0, i = 0; at < body.length; i++) {
    // Not tens of thousands of them.
    const size = Math.max(framing[i % framing.length] ?? 1, body.length / 100)
    const part = body.slice(at, at + size)
    chunks += `${part.length.toString(16)}${i % 3 === 1 ? ';ext=1' : ''}\r\n${part}\r\n`
    at += part.length
  }
  return `${chunks}0\r\n\r\n`
}

function damage(text: string, fault: Fault): string {
  if (!('at' in fault)) return text
  // Mostly in the head, where it matters.
  const at = Math.floor(fault.at * Math.min(text.length, 600))
  if (fault.kind === 'cut') return text.slice(0, at)
  const rest = text.slice(fault.kind === 'insert' ? at : at + 1)
  return text.slice(0, at) + ('text' in fault ? fault.text : '') + rest
}
