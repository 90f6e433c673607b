// `latchkey upstreams probe` asks ten of these servers what they are like; long form only. What it proposes is part of the
// table in docs/compatibility.md.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { mainProgram } from '../support/process.ts'
import { prepareTestProgram } from '../support/program.ts'
import { makeDocroot } from './docroot.ts'
import { inThisForm, isLong } from './form.ts'
import { versionOf } from './programs/have.ts'
import { listen } from './programs/run.ts'
import { servers } from './servers/all.ts'
import { writeRow } from './table.ts'

const run = promisify(execFile)

t.setTimeout(1_800_000)

t.ok(servers.filter(({ isProbed }) => isProbed).length >= 10, 'ten servers at least are to be asked')

for (const server of isLong ? inThisForm(servers).filter(({ isProbed }) => isProbed) : []) {
  t.test(`${server.name} is probed`, async (t) => {
    const docroot = makeDocroot(t)
    const { port } = await listen(t, server.source, (place) => server.command({ ...place, docroot }))
    const { file } = await prepareTestProgram(t, { liveUrl: `http://127.0.0.1:${port}` })
    const args = [mainProgram, 'upstreams', 'probe', file, 'payments', '--json', '--patience', '8s']
    const { stdout } = await run(process.execPath, args)
    const [found] = upstreamsOf(JSON.parse(stdout))
    t.match(found, { reachable: true })
    const { reuse, why, connections, notes } = Object(Object(found).proposal)
    t.match(reuse, /^(?:all|bodiless|none)$/)
    const settings = `\`reuse: ${reuse}\`${connections === null ? '' : `, \`connections: ${connections}\``}`
    const version = await versionOf(server.source, server.version)
    writeRow({ program: server.name, version, notes: [`${settings} (${why})`, ...notes] })
  })
}

function upstreamsOf(report: unknown): readonly unknown[] {
  const { upstreams } = Object(report)
  return Array.isArray(upstreams) ? upstreams : []
}
