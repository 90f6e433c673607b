// Where the gateway is known to differ from going direct, with clients. One that no longer differs makes its test fail: it
// is to be taken out of here, and of docs/compatibility.md.

import type { KnownDifference } from '../differences.ts'

export const clientDifferences: readonly KnownDifference[] = []
