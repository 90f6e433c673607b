// Contract 2: the verbs that it names are those that there are.

import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import t from 'tap'
import { registerAdminCommands } from '../../src/cli/admin.ts'
import { registerCompletion } from '../../src/cli/completion.ts'
import { registerConfigCommands } from '../../src/cli/config.ts'
import { registerUpstreamsCommands } from '../../src/cli/upstreams.ts'
import { createIo } from '../../src/cli/io.ts'

/** `config check`, `keys list`, … */
function verbsOf(command: Command, above = ''): string[] {
  return command.commands.flatMap((one) => {
    const name = `${above}${one.name()}`
    const below = verbsOf(one, `${name} `)
    // One that does something itself takes options of its own beside those below it.
    return one.options.length > 0 || below.length === 0 ? [name, ...below] : below
  })
}

t.test('the contract names every verb, and no other', async (t) => {
  const [, sentence = ''] =
    /^The verbs are (.*?)\. Each has/ms.exec(readFileSync('docs/contract.md', 'utf8')) ?? []
  const promised = [...sentence.matchAll(/`([a-z -]+)`(?:\s+\(([^)]*)\))?/g)].flatMap(
    ([, verb = '', below]) =>
      below === undefined ? [verb] : [...below.matchAll(/`([a-z-]+)`/g)].map(([, name]) => `${verb} ${name}`),
  )
  const program = new Command()
  const io = createIo({ stdout: () => {}, stderr: () => {}, env: {}, isTerminal: false })
  for (const register of [
    registerAdminCommands,
    registerConfigCommands,
    registerUpstreamsCommands,
    registerCompletion,
  ])
    register(program, io)
  // Those of src/main, which the CLI knows nothing of.
  t.same(promised.toSorted(), [...verbsOf(program), 'start', 'migrate', 'demo'].toSorted())
})

t.test('every verb that changes something takes a reason, and no other', async (t) => {
  const program = new Command()
  registerAdminCommands(program, createIo({ stdout: () => {}, stderr: () => {}, env: {}, isTerminal: false }))
  const reading =
    /^(?:log(?:in|out)|instances|audit(?: verify| export)?|activity|permissions|quotas|keys (?:reminders|scanner-rules|check-secret)|webhooks deliveries|\w+ (?:list|show))$/
  const verbs = (command: Command, above = ''): [string, Command][] =>
    command.commands.flatMap((one) =>
      one.commands.length === 0 ? [[`${above}${one.name()}`, one]] : verbs(one, `${one.name()} `),
    )
  for (const [name, verb] of verbs(program))
    t.equal(
      verb.options.some(({ long }) => long === '--reason'),
      !reading.test(name),
      name,
    )
})
