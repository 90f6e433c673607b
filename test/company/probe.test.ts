// `latchkey upstreams probe` finds what the tables say of each of these servers, in more than ten of them; `npm test` asks
// those of the quick form.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { mainProgram } from '../support/process.ts'
import { prepareTestProgram } from '../support/program.ts'
import { makeDocroot } from './docroot.ts'
import { inThisForm } from './form.ts'
import { versionOf } from './programs/have.ts'
import { file as pathOfFile } from './requests.ts'
import { servers } from './servers/all.ts'
import { startServer } from './servers/start.ts'
import { writeRow } from './table.ts'

const run = promisify(execFile)

t.setTimeout(1_800_000)

/** A server may say that it keeps a connection for no longer than this. */
const patience = '6s'

t.ok(servers.filter(({ probe }) => probe !== undefined).length >= 10, 'ten servers at least are to be asked')

for (const server of inThisForm(servers)) {
  const { name, probe, source } = server
  if (probe === undefined) continue
  t.test(`the probe finds what is known of ${name}`, async (t) => {
    const port = await startServer(t, server, makeDocroot(t))
    const { file } = await prepareTestProgram(t, { liveUrl: `http://127.0.0.1:${port}` })
    const words = ['upstreams', 'probe', file, 'payments', '--json', '--patience', patience]
    const { stdout } = await run(process.execPath, [mainProgram, ...words, '--path', pathOfFile])
    const [found] = upstreamsOf(JSON.parse(stdout))
    t.match(found, { reachable: true, status: 200 })
    const { reuse, why, connections, notes } = Object(Object(found).proposal)
    t.match({ reuse, why, connections }, { connections: null, ...probe, note: undefined })
    t.match(notes.join('; '), probe.note ?? /^$/)
    const settings = `\`reuse: ${reuse}\`${connections === null ? '' : `, \`connections: ${connections}\``}`
    writeRow({
      program: name,
      version: await versionOf(source, server.version),
      notes: [`${settings} (${why})`, ...notes],
    })
  })
}

function upstreamsOf(report: unknown): readonly unknown[] {
  const { upstreams } = Object(report)
  return Array.isArray(upstreams) ? upstreams : []
}
