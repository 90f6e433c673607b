// docs/contract.md: who may call what is what the code says (contract 8.1).

import { readFileSync } from 'node:fs'
import t from 'tap'
import { withCallers } from '../support/contract-document.ts'

void t.test('its table of callers is that of the code (npm run docs)', async (t) => {
  const text = readFileSync('docs/contract.md', 'utf8')
  t.equal(withCallers(text), text)
  t.throws(() => withCallers('# Contract\n'), /no marks for the callers/)
})
