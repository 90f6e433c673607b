// `latchkey config replay`: recorded decisions against a candidate.

import type { Command } from 'commander'
import { whyUnreadable } from '../../config/file-fault.ts'
import { readLog, type Recorded } from '../../tables/replay/read-log.ts'
import { type KnownKeys, type Refusal, type Replay, replay } from '../../tables/replay/replay.ts'
import { requirementYaml } from '../../tables/openapi/table-text.ts'
import { pathPart } from '../admin/admin-call.ts'
import { checked, KeyObject } from '../admin/admin-objects.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import { type OutputFlags, type Session, show } from '../session.ts'
import { type Cell, renderTable } from '../table.ts'
import { count } from './count.ts'
import { type EnvFromFlags, envFromOption, environmentOf } from './env-file.ts'
import { loadTable } from './load-table.ts'

const help = `
The log is the gateway's access log (JSON lines): api, route, decision, code, required, key_id, merchant. Counted are the
requests that were let through and that the candidate would refuse. What a key holds is not logged: it is known to hold
what it was let through with. Where that does not tell, the request counts as refused, and the list says unless what.
--keys asks the running control plane what each key holds now, which makes all of it certain.
Exit code: 0 replayed, whatever the result; 1 the control plane did not answer; 2 a file is not valid or cannot be read.

Example:
  $ latchkey config replay candidate/gateway.yaml access.log
  would refuse 3 merchants, 412 requests`

interface ReplayFlags extends OutputFlags, EnvFromFlags {
  readonly keys?: true
}

/** Adds the verb. */
export function registerReplay(group: Command, session: Session): void {
  group
    .command('replay')
    .description('tell which recorded requests a candidate would refuse')
    .argument('<candidate>', 'gateway file')
    .argument('<log>', 'access log, JSON lines')
    .option('--keys', 'ask the control plane what the keys hold')
    .option(...envFromOption)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (candidate: string, log: string, flags: ReplayFlags) => {
      const config = await loadTable(candidate, await environmentOf(session.io.env, flags))
      const { recorded, skipped } = await read(log)
      const known = flags.keys ? await askKeys(session, recorded) : new Map<string, readonly string[]>()
      const result = replay(config, recorded, known)
      if (skipped > 0)
        session.io.stderr(`${count(skipped, 'line')} of the log recorded no request of a route\n`)
      show(session, flags, {
        answer: { ...result, skipped },
        render: (isColoured) => replayText(result, isColoured),
      })
    })
}

async function read(log: string): ReturnType<typeof readLog> {
  try {
    return await readLog(log)
  } catch (error) {
    throw new CliError(`${log} ${whyUnreadable(error)}`, exitCodes.usage)
  }
}

/** A key that is gone stays unknown. */
async function askKeys(session: Session, recorded: readonly Recorded[]): Promise<KnownKeys> {
  const client = session.connect()
  const { data } = await client.list({ doing: 'list keys', path: '/keys' })
  const used = new Set(recorded.flatMap(({ keyId }) => (keyId === undefined ? [] : [pathPart(keyId)])))
  const keys = data.map((key) => checked(KeyObject, key)).filter(({ id }) => used.has(id))
  return new Map(keys.map(({ id, permissions }) => [id, permissions]))
}

function replayText(result: Replay, isColoured: boolean): string {
  const { merchants, requests, certain, allowed, refusals } = result
  const head = `would refuse ${count(merchants.length, 'merchant')}, ${count(requests, 'request')}\n`
  const of = `of ${count(allowed, 'request')} that ${allowed === 1 ? 'was' : 'were'} let through`
  const sure =
    certain.requests === requests
      ? ''
      : `; ${certain.requests} of them for certain, the rest unless their keys hold more than the log shows`
  if (refusals.length === 0) return `${head}${of}\n`
  const header = ['ROUTE', 'REQUESTS', 'MERCHANTS', 'WOULD GET', 'REQUIRES', 'SOURCE']
  return `${head}${of}${sure}\n\n${renderTable(header, refusals.map(rowOf), isColoured)}`
}

function rowOf({ route, requests, merchants, code, requirement, source, isCertain }: Refusal): Cell[] {
  return [
    route,
    String(requests),
    String(merchants.length),
    isCertain ? { text: code, colour: 'red' } : { text: `${code}?`, colour: 'yellow' },
    requirement === undefined ? '-' : requirementYaml(requirement),
    { text: source ?? '', colour: 'dim' },
  ]
}
