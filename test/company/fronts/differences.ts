// Where the gateway is known to differ from going direct, with fronts. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import { each, type KnownDifference } from '../differences.ts'

const cut = 'the gateway ends the connection of a refused upload before the client has read the refusal'
const unread =
  'a server that answers before it has read the body resets what it has not read; the answer is lost'

export const frontDifferences: readonly KnownDifference[] = [
  // By design.
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
