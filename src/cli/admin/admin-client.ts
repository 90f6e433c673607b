// The admin API (contract 8) as the verbs use it: one call, or a list followed to its end.
// Every failure is a CliError that names the thing, the reason and the mend; none repeats the token.

import { Type } from 'typebox'
import { Check } from 'typebox/value'
import type { AdminAddress } from './admin-address.ts'
import type { AdminCall } from './admin-call.ts'
import { foreignAnswer, refusal, unreachable } from './admin-failure.ts'

/** What the client needs of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface ListAnswer {
  readonly data: readonly unknown[]
  /** null: that is all. */
  readonly next_cursor: string | null
}

export interface AdminClient {
  /** Resolves with the body of an answer that is a file, as it comes. Rejects with a CliError, as its reading does. */
  download(call: AdminCall): Promise<AsyncIterable<Uint8Array>>
  /** Resolves with the JSON of the answer. Rejects with a CliError. */
  call(call: AdminCall): Promise<unknown>
  /** All pages of a list as one, or its first `most` rows. Rejects with a CliError. */
  list(call: Pick<AdminCall, 'doing' | 'path' | 'query'>, most?: number): Promise<ListAnswer>
}

export interface AdminClientOptions {
  readonly address: AdminAddress
  readonly fetch: Fetch
  readonly timeoutMs: number
}

/** The most that the API gives at once. */
const pageLimit = 200

const ListPage = Type.Object({
  data: Type.Array(Type.Unknown()),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})

export function createAdminClient(options: AdminClientOptions): AdminClient {
  const { address } = options

  async function call(request: AdminCall): Promise<unknown> {
    const { response, text } = await exchange(request, address, options)
    const answer = parseJson(text)
    if (response.ok && answer !== undefined) return answer
    throw refusal({ call: request, url: address.url, status: response.status, answer })
  }

  async function download(request: AdminCall): Promise<AsyncIterable<Uint8Array>> {
    let response: Response
    try {
      response = await send(request, address, options)
    } catch (error) {
      throw unreachable({ call: request, url: address.url, error })
    }
    const { ok, status, body } = response
    if (ok && body !== null) return piecesOf(request, address.url, body)
    const answer = parseJson(await response.text().catch(() => ''))
    throw refusal({ call: request, url: address.url, status, answer })
  }

  return {
    call,
    download,
    async list({ doing, path, query }, most = Number.POSITIVE_INFINITY) {
      const data: unknown[] = []
      let cursor: string | undefined
      for (;;) {
        const limit = String(Math.min(pageLimit, most - data.length))
        const paged = { ...query, limit, cursor }
        const page = await call({ doing, method: 'GET', path, query: paged })
        if (!Check(ListPage, page)) throw foreignAnswer(address.url)
        data.push(...page.data)
        if (page.next_cursor === null || data.length >= most) return { data, next_cursor: page.next_cursor }
        // It would go round for ever.
        if (page.next_cursor === cursor) throw foreignAnswer(address.url)
        cursor = page.next_cursor
      }
    },
  }
}

async function exchange(
  call: AdminCall,
  address: AdminAddress,
  options: AdminClientOptions,
): Promise<{ response: Response; text: string }> {
  try {
    const response = await send(call, address, options)
    return { response, text: await response.text() }
  } catch (error) {
    throw unreachable({ call, url: address.url, error })
  }
}

/** Resolves with the head of the answer. Rejects with what fetch rejects with. */
function send(call: AdminCall, address: AdminAddress, options: AdminClientOptions): Promise<Response> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${address.token}`,
    accept: 'application/json',
  }
  const body = bodyOf(call)
  if (body) headers['content-type'] = 'application/json'
  if (call.file) headers['content-type'] = call.file.type
  return options.fetch(`${address.url}/admin/v1${call.path}${queryOf(call)}`, {
    method: call.method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
    ...(call.file && { body: call.file.body, duplex: 'half' as const }),
    // The token goes where LATCHKEY_ADMIN_URL says, and nowhere else.
    redirect: 'manual',
    signal: AbortSignal.timeout(call.timeoutMs ?? options.timeoutMs),
  })
}

/** The body of an answer, as it comes; one that breaks off is told as an answer that did not come. */
async function* piecesOf(
  call: AdminCall,
  url: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of body) yield piece
  } catch (error) {
    throw unreachable({ call, url, error })
  }
}

/** A reason goes with the rest; with a file it goes into the query. */
function bodyOf({ body, reason, file }: AdminCall): AdminCall['body'] {
  return reason === undefined || file ? body : { ...body, reason }
}

/** Changes wait until all instances have applied them. */
function queryOf(call: AdminCall): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) query.set(name, value)
  }
  if (call.file && call.reason !== undefined) query.set('reason', call.reason)
  if (call.method !== 'GET') query.set('wait', 'all')
  return query.size === 0 ? '' : `?${query.toString()}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
