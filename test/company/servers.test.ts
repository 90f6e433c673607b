// Real servers behind the gateway: each request is asked directly and through it, and the answers are the same.

import t from 'tap'
import { host } from '../support/keyed-program.ts'
import { type Agreement, agreement } from './compare.ts'
import { ask } from './ask.ts'
import { makeDocroot } from './docroot.ts'
import { inThisForm } from './form.ts'
import { judge } from './judge.ts'
import { startForCompany } from './keyed.ts'
import { versionOf } from './programs/have.ts'
import { listen } from './programs/run.ts'
import { askCase, file, type RequestCase, requestCases, type Way } from './requests.ts'
import { servers } from './servers/all.ts'
import { serverDifferences } from './servers/differences.ts'
import { writeRow } from './table.ts'

t.setTimeout(1_800_000)

for (const server of inThisForm(servers)) {
  t.test(`${server.name} answers through the gateway as it does directly`, async (t) => {
    const docroot = makeDocroot(t)
    const { port } = await listen(t, server.source, (place) => server.command({ ...place, docroot }))
    const program = await startForCompany(t, {
      liveUrl: `http://127.0.0.1:${port}`,
      ...(server.upstream !== undefined && { upstream: server.upstream }),
    })
    const direct: Way = { port, fields: [host] }
    const through: Way = { port: program.gatewayPort, fields: [host, program.auth] }
    const plain = await ask({ ...direct, line: `GET ${file}` })
    t.equal(plain.status, 200, 'it runs')
    const found: [RequestCase, Agreement][] = []
    for (const one of requestCases) {
      const answers = await askCase(one, direct, plain)
      found.push([one, agreement(answers, await askCase(one, through, plain))])
    }
    const notes = found.flatMap(([{ name, slack }, agreed]) =>
      judge(t, {
        table: serverDifferences,
        program: server.name,
        what: name,
        agreed,
        ...(slack !== undefined && { slack }),
      }),
    )
    const version = await versionOf(server.source, server.version)
    writeRow({
      program: server.name,
      version,
      asked: found.length,
      same: found.length - notes.length,
      notes,
    })
  })
}
