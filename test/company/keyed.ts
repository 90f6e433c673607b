// The gateway for tests that go by its address: clients that cannot name another host than the one they connect to.

import { readFile, writeFile } from 'node:fs/promises'
import { type KeyedProgram, withKey } from '../support/keyed-program.ts'
import { prepareTestProgram, startPrepared, type TestProgramOptions } from '../support/program.ts'
import type { Teardown } from './programs/run.ts'

/** Routes for what requests.ts asks. */
export const routes = `
  GET  /v1/{what}: transaction.read
  POST /v1/{what}: transaction.refund
  GET  /v1/files/{path...}: transaction.read
  GET  /cgi-bin/{what}: transaction.read
  POST /cgi-bin/{what}: transaction.refund
`

/** Starts the whole program with these routes; its live host is also 127.0.0.1. */
export async function startForCompany(t: Teardown, options: TestProgramOptions): Promise<KeyedProgram> {
  const prepared = await prepareTestProgram(t, { routes, ...options })
  const config = await readFile(prepared.file, 'utf8')
  await writeFile(prepared.file, config.replace('[api.flintn.com]', '[api.flintn.com, 127.0.0.1]'))
  return withKey(await startPrepared(t, prepared))
}
