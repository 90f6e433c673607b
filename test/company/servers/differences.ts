// Where the gateway is known to differ from going direct, with servers. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import { each, type KnownDifference } from '../differences.ts'

export const serverDifferences: readonly KnownDifference[] = [
  {
    program: 'CivetWeb',
    what: 'a range beyond',
    why: 'its answer has a negative Content-Length, which nobody can read',
  },
  {
    program: 'webfs',
    what: 'a script that writes all of its head',
    why: "it puts the script's status line among the fields, as one whose name has blanks",
  },
  {
    program: "Python's CGI server",
    what: 'a script that writes all of its head',
    why: "it puts the script's status line among the fields, where it is none",
  },
  ...each(
    ["Apache httpd, before Node's http", "Varnish, before Node's http"],
    ['early answer', 'early answer, chunks'],
    {
      why: 'it mostly makes an error of its own of an upload that is not read to its end',
      isUnsteady: true,
    },
  ),
  {
    program: "Varnish, before Node's http",
    what: 'two ranges',
    why: 'it answers 503 by itself, both ways, on a page that names a number of its own',
  },
]
