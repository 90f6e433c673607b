// `latchkey upstreams …`: what stands behind the gateway.

import type { Command } from 'commander'
import type { CliIo } from './io.ts'
import { registerProbe } from './upstreams/probe.ts'

/** Adds the `upstreams` group. Its failures are CliErrors, for `exitCodeOf`. */
export function registerUpstreamsCommands(program: Command, io: CliIo): void {
  const group = program
    .command('upstreams')
    .description('ask what the upstreams are like')
    .addHelpText('after', '\nExample:\n  $ latchkey upstreams probe config/gateway.yaml')
  registerProbe(group, io)
}
