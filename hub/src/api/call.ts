// The only place that asks the server. It adds the token that guards changes, and makes one kind of fault of all that can
// go wrong. No secret stays here: an answer goes to who asked, and is forgotten.

import { basePath } from '../router.tsx'
import { ApiFault, type FieldFault } from './fault.ts'

export type Query = Readonly<Record<string, string | number | null | undefined>>

export interface Ask {
  readonly query?: Query
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

let csrf: string | null = null
let signedOut: () => void = () => undefined

/** Of the session, given with it. */
export function holdToken(token: string | null): void {
  csrf = token
}

/** What to do when the server no longer knows the session. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener
}

/** Relative to the root of the control port: `admin/v1/keys`. */
export async function call<Answer>(method: Method, path: string, ask: Ask = {}): Promise<Answer> {
  const answer = await send(method, path, ask)
  const text = await answer.text().catch(() => '')
  if (answer.ok) return (text === '' ? {} : JSON.parse(text)) as Answer
  const fault = faultFrom(answer, text, method !== 'GET')
  if (fault.status === 401 && fault.code === 'UNAUTHORIZED') signedOut()
  throw fault
}

async function send(method: Method, path: string, ask: Ask): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...ask.headers }
  if (ask.body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrf !== null) headers['x-csrf-token'] = csrf
  try {
    return await fetch(basePath + path + queryText(ask.query), {
      ...{ method, headers, credentials: 'same-origin', cache: 'no-store' },
      ...(ask.body !== undefined && { body: JSON.stringify(ask.body) }),
      ...(ask.signal && { signal: ask.signal }),
    })
  } catch (error) {
    if (ask.signal?.aborted) throw error
    throw noAnswer(method !== 'GET')
  }
}

/** Whether anybody answers. */
export function isServed(): Promise<boolean> {
  return fetch(`${basePath}hub/v1/sign-in`, { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  )
}

/** Where no answer came. */
export function noAnswer(isUnsure: boolean): ApiFault {
  return new ApiFault({ status: 0, code: 'NO_ANSWER', message: '', requestId: null, details: [], isUnsure })
}

export function queryText(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === null || value === '' ? [] : [[name, String(value)]],
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`
}

function faultFrom(answer: Response, text: string, isChange: boolean): ApiFault {
  const error = parsedError(text)
  return new ApiFault({
    status: answer.status,
    code: error.code ?? `HTTP_${answer.status}`,
    message: error.message ?? '',
    requestId: answer.headers.get('x-request-id') ?? error.request_id ?? null,
    details: error.details ?? [],
    isUnsure:
      isChange && (error.code === undefined ? answer.status >= 500 : error.code === 'OUTCOME_UNKNOWN'),
  })
}

interface ErrorBody {
  readonly code?: string
  readonly message?: string
  readonly request_id?: string
  readonly details?: readonly FieldFault[]
}

function parsedError(text: string): ErrorBody {
  try {
    const { error }: { error?: ErrorBody } = Object(JSON.parse(text))
    return error ?? {}
  } catch {
    return {}
  }
}
