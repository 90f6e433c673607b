// Started as a process of its own (load.ts): clients that ask again and again, with a pause between. Its argument is
// LoadOptions as JSON; it tells each answer with its times.

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient, demo, demoWithToken } from './client.ts'
import { type FromLoad, isToLoad, type LoadOptions, type Row } from './load-messages.ts'

const tellEveryMs = 50
const options: LoadOptions = JSON.parse(process.argv[2] ?? '{}')
const secrets: string[] = []
let untold: Row[] = []
let turn = 0
let isRunning = true

function say(message: FromLoad): void {
  if (process.connected) process.send?.(message)
}

function tell(): void {
  if (untold.length === 0) return
  say({ type: 'answers', answers: untold })
  untold = []
}

function chooseSecret(): number {
  const { youngest = secrets.length } = options
  const from = Math.random() < 0.3 ? 0 : Math.max(0, secrets.length - youngest)
  return from + Math.floor(Math.random() * (secrets.length - from))
}

async function run(index: number): Promise<void> {
  const asked = options.areTokens === true ? demoWithToken : demo
  const clients = options.ports.map((port) => ({ port, client: createClient(port, undefined, asked) }))
  while (isRunning) {
    const place = chooseSecret()
    const one = clients[(index + turn++) % clients.length]
    const secret = secrets[place]
    if (one !== undefined && secret !== undefined) {
      const answer = await one.client.ask(secret)
      untold.push([place, one.port, answer])
    }
    await sleep(options.pauseMs * (0.5 + Math.random()))
  }
  for (const { client } of clients) client.close()
}

process.on('message', (message: unknown) => {
  if (!isToLoad(message)) return
  if (message.type === 'secrets') secrets.push(...message.secrets)
  else if (message.type === 'stop') isRunning = false
  else {
    tell()
    say({ type: 'told' })
  }
})
process.on('disconnect', () => process.exit())
const timer = setInterval(tell, tellEveryMs)
const runs = Array.from({ length: options.clients }, (_, index) => run(index))
say({ type: 'started' })
await Promise.all(runs)
clearInterval(timer)
// Only what was handed over is read after the end.
process.send?.({ type: 'answers', answers: untold } satisfies FromLoad, () => process.disconnect())
