// `latchkey upstreams probe`: what is each upstream of a gateway file like?

import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CompiledConfig, Upstream } from '../../config/compiled.ts'
import { hostFor } from '../../config/host-for.ts'
import { parseDuration, parseSize } from '../../config/units.ts'
import { count } from '../config/count.ts'
import { loadTable } from '../config/load-table.ts'
import { CliError } from '../errors.ts'
import { exitCodes } from '../exit.ts'
import type { CliIo } from '../io.ts'
import { type ProbeOptions, probeUpstream } from './probe-upstream.ts'
import { type NamedProbe, reportText } from './report.ts'
import { reportObject } from './report-object.ts'

const help = `
What is sent: GET, OPTIONS and POST on a path that nobody has (/latchkey-probe-…), with the upstream's configured
headers and a User-Agent that says who asks. Bodies are text that is no request, whatever it is taken for. Nothing is
changed by it, unless the upstream keeps whatever is posted anywhere: then say --without-bodies. Some servers close
behind errors only, or are slow with files only: with --path, each GET without a body asks for what is there.

Exit code: 0 done, 1 an upstream could not be reached, 2 wrong usage or a faulty file.

Example:
  $ latchkey upstreams probe config/gateway.yaml payments
  payments  http://payments.internal:8080
    reachable     yes: answered 404 in 1.9 ms
    …
  upstreams:
    payments:
      reuse: all  # it read every body before it took the next request`

interface ProbeFlags {
  readonly json?: true
  readonly patience: number
  readonly most: number
  readonly withoutBodies?: boolean
  readonly path?: string
}

/** Adds the verb. Throws `CliError` after the report where an upstream could not be reached. */
export function registerProbe(group: Command, io: CliIo): void {
  group
    .command('probe')
    .description('ask what each upstream is like by harmless requests, and propose settings')
    .argument('<file>', 'gateway file')
    .argument('[name]', 'one upstream; else all')
    .addOption(
      new Option('--patience <time>', 'the longest wait: for an answer, or for the end of an idle connection')
        .argParser(parsePatience)
        .default(10_000, '10s'),
    )
    .addOption(
      new Option('--most <size>', 'the largest body to post')
        .argParser(parseMost)
        .default(1024 * 1024, '1mb'),
    )
    .option('--without-bodies', 'send no bodies; what the upstream does with them stays unknown')
    .addOption(
      new Option('--path <path>', 'ask for this by GET rather than for a path that nobody has').argParser(
        parsePath,
      ),
    )
    .option('--json', 'print what was found as JSON')
    .addHelpText('after', help)
    .action(async (file: string, name: string | undefined, flags: ProbeFlags) => {
      const config = await loadTable(file, io.env)
      const probes = await probeAll(config, chosen(config, name), flags)
      const isColoured = io.isTerminal && !io.env.NO_COLOR
      io.stdout(
        flags.json ? `${JSON.stringify(reportObject(probes), null, 2)}\n` : reportText(probes, isColoured),
      )
      const failed = probes.filter(({ probed }) => !probed.ok).length
      if (failed > 0)
        throw new CliError(`${count(failed, 'upstream')} could not be reached`, exitCodes.failed)
    })
}

function chosen({ settings }: CompiledConfig, name: string | undefined): readonly Upstream[] {
  if (name === undefined) return [...settings.upstreams.values()]
  const one = settings.upstreams.get(name)
  if (one !== undefined) return [one]
  const names = [...settings.upstreams.keys()].join(', ')
  throw new CliError(`there is no upstream of that name (${names})`, exitCodes.usage)
}

/** Those of one origin one after the other: they would be in each other's way. */
async function probeAll(
  config: CompiledConfig,
  upstreams: readonly Upstream[],
  { patience: patienceMs, most: mostBytes, withoutBodies: isBodiless = false, path }: ProbeFlags,
): Promise<readonly NamedProbe[]> {
  const busy = new Map<string, Promise<unknown>>()
  return Promise.all(
    upstreams.map(async (upstream): Promise<NamedProbe> => {
      const { name, origin } = upstream
      const host = hostFor(upstream, config.table)
      const options: ProbeOptions = { host, path: path ?? null, patienceMs, mostBytes, isBodiless }
      const before = busy.get(origin) ?? Promise.resolve()
      const mine = before.then(() => probeUpstream(upstream, options))
      busy.set(origin, mine)
      return { name, origin, probed: await mine }
    }),
  )
}

function parsePatience(text: string): number {
  if (!/^\d{1,6}(?:ms|s|m)$/.test(text))
    throw new InvalidArgumentError('It must be a time such as 500ms, 10s or 2m.')
  const ms = parseDuration(text)
  if (ms === 0 || ms > 3_600_000)
    throw new InvalidArgumentError('It must be longer than nothing and at most 60m.')
  return ms
}

/** In the form of RFC 9112 §3.2.1: nothing else goes into the request line. */
function parsePath(text: string): string {
  if (!/^\/[\w!$%&'()*+,\-./:;=?@~]{0,2000}$/.test(text))
    throw new InvalidArgumentError('It must be a path such as /healthz, escaped where it has to be.')
  return text
}

const mostBodyBytes = 256 * 1024 * 1024

function parseMost(text: string): number {
  if (!/^\d{1,9}(?:kb|mb)?$/.test(text))
    throw new InvalidArgumentError('It must be a size such as 64kb or 10mb.')
  const bytes = /^\d+$/.test(text) ? Number(text) : parseSize(text)
  if (bytes === 0 || bytes > mostBodyBytes)
    throw new InvalidArgumentError('It must be more than nothing and at most 256mb.')
  return bytes
}
