// A test's process that orphans.test.ts kills: it holds a server behind a program of another kind, and says its port.

import { appFile, listen } from './run.ts'

const never = { teardown() {} }
const { port } = await listen(never, { kind: 'checkout' }, ({ port, folder }) => ({
  file: '/bin/sh',
  args: ['-c', '"$@" & wait', 'sh', process.execPath, appFile('node_app.cjs'), 'http', String(port), folder],
}))
process.stdout.write(`${port}\n`)
setInterval(() => {}, 60_000)
