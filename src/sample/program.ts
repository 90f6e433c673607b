// The sample upstream as a program: arguments, signals, standard output.

import { parseArgs } from 'node:util'
import { isRole, type Role, roles } from './roles.ts'

export interface SampleUpstreamOptions {
  role: Role
  /** 0: a free one. */
  port: number
  /** Default 127.0.0.1. */
  host?: string
  /** Takes one block of text, several lines, a request. */
  print?: (block: string) => void
}

export interface SampleUpstream {
  url: string
  /** Cuts what is open and frees the port. */
  close(): Promise<void>
}

const usage = `usage: upstream.js --all [--host H]
       upstream.js --role ${Object.keys(roles).join('|')} [--port P] [--host H]
  --until-stdin-ends   end with the program that holds the other end of standard input`

type Start = (options: SampleUpstreamOptions) => Promise<SampleUpstream>

/** Starts the roles that the arguments name and runs until SIGTERM or SIGINT. Exit code 2 on wrong arguments, 1 on a taken port. */
export async function runAsProgram(args: string[], start: Start): Promise<void> {
  const wanted = readArguments(args)
  if (wanted === undefined) {
    console.error(usage)
    process.exitCode = 2
    return
  }
  const running: SampleUpstream[] = []
  try {
    for (const { role, port } of wanted.upstreams) {
      const upstream = await start({ role, port, host: wanted.host, print: console.log })
      running.push(upstream)
      console.log(`${role} on ${upstream.url}`)
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
    await closeAll(running)
    return
  }
  const end = (): void => void closeAll(running).then(() => process.exit(0))
  process.once('SIGTERM', end).once('SIGINT', end)
  if (wanted.untilStdinEnds) process.stdin.once('end', end).once('error', end).resume()
}

interface Wanted {
  upstreams: { role: Role; port: number }[]
  host: string
  untilStdinEnds: boolean
}

function readArguments(args: string[]): Wanted | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        all: { type: 'boolean', default: false },
        role: { type: 'string', default: '' },
        port: { type: 'string' },
        host: { type: 'string', default: '127.0.0.1' },
        'until-stdin-ends': { type: 'boolean', default: false },
      },
    })
    const names = values.all ? Object.keys(roles).filter(isRole) : [values.role].filter(isRole)
    const upstreams = names.map((role) => ({ role, port: Number(values.port ?? roles[role].port) }))
    const isWrong = names.length === 0 || (values.all && values.port !== undefined)
    const isBadPort = upstreams.some(({ port }) => !Number.isInteger(port) || port < 0 || port > 65_535)
    if (isWrong || isBadPort) return undefined
    return { upstreams, host: values.host, untilStdinEnds: values['until-stdin-ends'] }
  } catch {
    return undefined
  }
}

async function closeAll(running: SampleUpstream[]): Promise<void> {
  await Promise.all(running.map((upstream) => upstream.close()))
}
