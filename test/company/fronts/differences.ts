// Where the gateway is known to differ from going direct, with fronts. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import { each, type KnownDifference } from '../differences.ts'

export const frontDifferences: readonly KnownDifference[] = [
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
]
