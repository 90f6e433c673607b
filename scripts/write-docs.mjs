// After a build: writes what is made of the sources and kept in the repository, the schemas that editors read and the
// documents that list what the code knows. Tests fail where one is stale.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { withCallers } from '../build/test/support/contract-document.js'
import { withTables } from '../build/test/support/log-document.js'

const root = new URL('../', import.meta.url)
const bySchemaFlag = {
  'config/gateway.schema.json': [],
  'config/permissions.schema.json': ['--permissions'],
  'config/cases.schema.json': ['--cases'],
  'config/deny.schema.json': ['--deny'],
  'docs/configuration.md': ['--markdown'],
}

for (const [path, flags] of Object.entries(bySchemaFlag)) {
  const text = execFileSync(process.execPath, ['build/src/main.js', 'config', 'schema', ...flags], {
    cwd: root,
  })
  writeFileSync(new URL(path, root), text)
}

const log = new URL('docs/log.md', root)
writeFileSync(log, withTables(readFileSync(log, 'utf8')))

const contract = new URL('docs/contract.md', root)
writeFileSync(contract, withCallers(readFileSync(contract, 'utf8')))
