// Where the gateway is known to differ from going direct, with clients. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import { each, type KnownDifference } from '../differences.ts'

const cut = 'the gateway ends the connection of a refused upload before the client has read the refusal'

export const clientDifferences: readonly KnownDifference[] = [
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
]
