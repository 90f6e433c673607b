// Where the gateway is known to differ from going direct. One that no longer differs makes its test fail: it is to be
// taken out of here, and of docs/compatibility.md.

export interface KnownDifference {
  /** Server, client or front. */
  readonly program: string
  /** The request, answer or question; `*`: all of them. */
  readonly what: string
  readonly why: string
  /** Seen in some runs only: not to differ is no fault. */
  readonly isUnsteady?: true
}

const unread =
  'a server that answers before it has read the body resets what it has not read; the answer is lost'
const cut = 'the gateway ends the connection of a refused upload before the client has read the refusal'

/** The same for several programs or requests. */
function each(
  programs: readonly string[],
  whats: readonly string[],
  rest: Pick<KnownDifference, 'why' | 'isUnsteady'>,
): KnownDifference[] {
  return programs.flatMap((program) => whats.map((what) => ({ program, what, ...rest })))
}

export const knownDifferences: readonly KnownDifference[] = [
  // By design.
  {
    program: 'CivetWeb',
    what: 'a range beyond',
    why: 'its answer has a negative Content-Length, which nobody can read',
  },
  ...each(['http.server (HTTP/1.1, one at a time)', 'HTTP::Daemon'], ['50 at once', '50 POSTs at once'], {
    why: 'with `connections: 1` only so many may wait, the others get 503',
    isUnsteady: true,
  }),
  ...each(['lighttpd'], ['HEAD', 'gzip'], {
    why: 'lighttpd adds Accept-Ranges to answers that it has whole at once',
    isUnsteady: true,
  }),
  ...each(['@fastify/http-proxy'], ['early answer', 'early answer, chunks'], {
    why: 'it makes 500 of an upload that is not read to its end; here the gateway gets the answer through',
    isUnsteady: true,
  }),
  {
    program: 'Varnish',
    what: 'two ranges',
    why: 'it answers 503 by itself, both ways, on a page that names a number of its own',
    isUnsteady: true,
  },
  // To be mended.
  {
    program: 'hypercorn',
    what: '*',
    why: 'its reason phrase is empty, and the gateway writes the usual one',
  },
  ...each(
    ['BusyBox httpd', 'python3 -m http.server (HTTP/1.0)', 'H2O', 'uvicorn', 'gunicorn, gthread'].concat(
      ['threads', 'one at a time'].map((kind) => `http.server (HTTP/1.1, ${kind})`),
    ),
    ['POST 2 MiB', 'early answer', 'early answer, chunks'],
    { why: unread, isUnsteady: true },
  ),
  {
    program: 'curl --http2',
    what: 'ten in a row',
    why: 'the gateway ends the connection of a request with `Upgrade: h2c`',
  },
  ...each(['http.client', 'urllib'], ['large upload refused', 'large upload refused, no length'], {
    why: cut,
  }),
  ...each(['http', 'fetch', 'undici'], ['large upload refused', 'large upload refused, no length'], {
    why: cut,
    isUnsteady: true,
  }),
  ...each(
    [
      'nginx',
      'HAProxy',
      'Apache httpd',
      'lighttpd',
      'Varnish',
      'http-proxy-3',
      'http-proxy',
      '@fastify/http-proxy',
    ],
    ['upload refused, length', 'upload refused, chunked'],
    { why: cut, isUnsteady: true },
  ),
  ...each(['nginx', 'HAProxy', 'lighttpd', 'Caddy', 'H2O'], ['early answer', 'early answer, chunks'], {
    why: unread,
    isUnsteady: true,
  }),
  {
    program: 'HAProxy',
    what: 'request id',
    why: 'the id that HAProxy makes holds a colon, which the gateway takes from nobody',
  },
]

/** The entry for one cell of the table, if there is one. */
export function knownDifference(program: string, what: string): KnownDifference | undefined {
  return knownDifferences.find((known) => known.program === program && [what, '*'].includes(known.what))
}
