// Where the gateway is known to differ from going direct, with servers. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import { each, type KnownDifference } from '../differences.ts'

const unread =
  'a server that answers before it has read the body resets what it has not read; the answer is lost'

export const serverDifferences: readonly KnownDifference[] = [
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
]
