// What every server is asked, directly and through the gateway. What is right is what it answers directly: a server that
// has no POST answers 405 or 501 both ways.

import { type Answer, type Asking, ask, openLine, valueOf } from './ask.ts'

export interface RequestCase {
  readonly name: string
  /** Request line without version. */
  readonly line: string
  /** Made from the plain answer to GET where they must name something of it. */
  readonly fields?: readonly string[] | ((plain: Answer) => readonly string[])
  readonly body?: Asking['body']
  /** How many (else 1), and how they follow each other (else each on a connection of its own, one after the other). */
  readonly times?: number
  readonly manner?: 'one line' | 'at once'
  /** How many refusals fewer than directly are no fault: a server may reset what it has not read. */
  readonly slack?: number
}

export const file = '/v1/files/small.txt'
const mebibyte = 1024 * 1024

export const requestCases: readonly RequestCase[] = [
  { name: 'GET', line: `GET ${file}` },
  { name: 'HEAD', line: `HEAD ${file}` },
  { name: 'GET with a query', line: `GET ${file}?a=1&b=%20` },
  { name: 'GET with an escape', line: 'GET /v1/files/a%20b.txt' },
  { name: '304', line: `GET ${file}`, fields: conditionOf },
  { name: 'a range', line: `GET ${file}`, fields: ['Range: bytes=2-5'] },
  { name: 'the last bytes', line: `GET ${file}`, fields: ['Range: bytes=-3'] },
  { name: 'two ranges', line: `GET ${file}`, fields: ['Range: bytes=0-1,4-5'] },
  { name: 'a range beyond', line: `GET ${file}`, fields: ['Range: bytes=99999-'] },
  { name: 'gzip', line: 'GET /v1/files/page.html', fields: ['Accept-Encoding: gzip'] },
  { name: '404', line: 'GET /v1/files/missing.txt' },
  { name: 'a folder', line: 'GET /v1/files/folder' },
  { name: 'a redirect', line: 'GET /v1/redirect' },
  { name: '204', line: 'GET /v1/empty' },
  { name: 'two cookies', line: 'GET /v1/cookies' },
  { name: 'no length', line: 'GET /v1/stream' },
  { name: 'a script', line: 'GET /cgi-bin/script.cgi' },
  { name: 'POST to a script', line: 'POST /cgi-bin/script.cgi', body: { bytes: 20, framing: 'length' } },
  { name: 'a script that writes all of its head', line: 'GET /cgi-bin/nph-script.cgi' },
  { name: '20 MB', line: 'GET /v1/files/large.bin' },
  { name: 'POST small', line: 'POST /v1/echo', body: { bytes: 20, framing: 'length' } },
  { name: 'POST small in chunks', line: 'POST /v1/echo', body: { bytes: 20, framing: 'chunked' } },
  { name: 'POST of nothing', line: 'POST /v1/echo', body: { bytes: 0, framing: 'length' } },
  {
    name: 'POST 2 MiB',
    line: 'POST /v1/echo',
    body: { bytes: 2 * mebibyte, framing: 'length' },
    times: 10,
    slack: 1,
  },
  {
    name: 'early answer',
    line: 'POST /v1/early',
    body: { bytes: 3 * mebibyte, framing: 'length' },
    times: 20,
    slack: 1,
  },
  {
    name: 'early answer, chunks',
    line: 'POST /v1/early',
    body: { bytes: 3 * mebibyte, framing: 'chunked' },
    times: 20,
    slack: 1,
  },
  { name: '200 in a row', line: `GET ${file}`, times: 200, manner: 'one line' },
  {
    name: '20 POSTs in a row',
    line: 'POST /v1/echo',
    body: { bytes: 20, framing: 'length' },
    times: 20,
    manner: 'one line',
  },
  { name: '50 at once', line: `GET ${file}`, times: 50, manner: 'at once' },
  {
    name: '50 POSTs at once',
    line: 'POST /v1/echo',
    body: { bytes: 20, framing: 'length' },
    times: 50,
    manner: 'at once',
  },
]

function conditionOf(plain: Answer): readonly string[] {
  const etag = valueOf(plain, 'ETag')
  if (etag !== undefined) return [`If-None-Match: ${etag}`]
  const modified = valueOf(plain, 'Last-Modified')
  return modified === undefined ? [] : [`If-Modified-Since: ${modified}`]
}

/** Where a case is asked, and with which fields beside its own. */
export interface Way {
  readonly port: number
  readonly fields: readonly string[]
  readonly from?: string
}

/** Asks it as often as it says. `plain` is what the server answers to GET directly. */
export async function askCase(
  { line, fields = [], body, times = 1, manner }: RequestCase,
  way: Way,
  plain: Answer,
): Promise<Answer[]> {
  const own = typeof fields === 'function' ? fields(plain) : fields
  const asking = { ...way, line, fields: [...way.fields, ...own], ...(body && { body }) }
  if (manner === 'at once') return Promise.all(Array.from({ length: times }, () => ask(asking)))
  const answers: Answer[] = []
  const shared = openLine()
  for (let i = 0; i < times; i++) {
    const isMute = answers.slice(-2).filter(({ fault }) => fault === 'silent').length === 2
    const last = isMute ? answers.at(-1) : undefined
    // Who has said nothing twice is not waited for again.
    answers.push(last ?? (await (manner === 'one line' ? shared.ask(asking) : ask(asking))))
  }
  shared.close()
  return answers
}
