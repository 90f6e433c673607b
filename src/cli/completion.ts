// `latchkey completion`: a script by which a shell completes verbs, flags and their values.

import { Argument, type Command } from 'commander'
import { bashScript } from './completion/bash.ts'
import { fishScript } from './completion/fish.ts'
import { verbsOf } from './completion/verbs.ts'
import { zshScript } from './completion/zsh.ts'
import type { CliIo } from './io.ts'

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
type Shell = keyof typeof scripts

const help = `
Examples:
  $ source <(latchkey completion bash)
  $ latchkey completion bash > /etc/bash_completion.d/latchkey
  $ latchkey completion zsh > "\${fpath[1]}/_latchkey"
  $ latchkey completion fish > ~/.config/fish/completions/latchkey.fish`

/** Adds the verb; what it prints knows all verbs of `program`, also those that are added later. */
export function registerCompletion(program: Command, io: Pick<CliIo, 'stdout'>): void {
  program
    .command('completion')
    .description('print a script by which a shell completes what you type')
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(scripts)))
    .addHelpText('after', help)
    .action((shell: Shell) => {
      io.stdout(scripts[shell](program.name(), verbsOf(program)))
    })
}
