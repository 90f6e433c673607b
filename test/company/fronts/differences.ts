// Where the gateway is known to differ from going direct, with fronts. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import { each, type KnownDifference } from '../differences.ts'

export const frontDifferences: readonly KnownDifference[] = [
  ...each(['lighttpd'], ['HEAD', 'gzip'], {
    why: 'lighttpd adds Accept-Ranges to answers that it has whole at once',
    isUnsteady: true,
  }),
  ...each(['@fastify/http-proxy', 'http-proxy-middleware'], ['early answer', 'early answer, chunks'], {
    why: 'it makes 500 of an upload that is not read to its end; here the gateway gets the answer through',
    isUnsteady: true,
  }),
  ...each(
    ['http-proxy-3', 'http-proxy', 'http-proxy-middleware', '@fastify/http-proxy'],
    ['upload refused, length', 'upload refused, chunked'],
    {
      why: 'it hands on `Connection: close` as its own, and Node then resets what it has not read; nginx refuses without closing',
      isUnsteady: true,
    },
  ),
  ...each(['HAProxy, send-proxy', 'HAProxy, send-proxy-v2'], ['request id'], {
    why: 'by the PROXY protocol a connection is its client’s own, and no client names its requests',
  }),
  {
    program: 'Varnish',
    what: 'two ranges',
    why: 'it answers 503 by itself, both ways, on a page that names a number of its own',
    isUnsteady: true,
  },
]
