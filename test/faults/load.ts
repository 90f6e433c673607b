// Load from a process of its own, told of here: what it sees is judged where the keys are changed.

import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild, type Teardown } from './child.ts'
import type { Answer } from './client.ts'
import { type FromLoad, isFromLoad, type LoadOptions, type Row, type ToLoad } from './load-messages.ts'

export interface SeenAnswer extends Answer {
  readonly secret: string
  /** Of the instance that was asked. */
  readonly port: number
}

export interface Load {
  /** Answers so far, by status. */
  readonly counts: Readonly<Record<number, number>>
  /** Milliseconds of each answer. */
  readonly took: readonly number[]
  /** More secrets to ask with. */
  add(secrets: readonly string[]): void
  /** Resolves when all answers of before are known here. */
  settled(): Promise<void>
  /** Lets it run for a while and forgets how long those answers took: a program that has just started is slow. */
  warmUp(forMs: number): Promise<void>
  /** Resolves when all requests are answered, and known here. */
  stop(): Promise<void>
}

/** Starts clients; resolves when they have begun. `answered` is told of each answer, a moment later. */
export async function startLoad(
  t: Teardown,
  options: LoadOptions & { readonly secrets?: readonly string[] },
  answered: (answer: SeenAnswer) => void = () => {},
): Promise<Load> {
  const { secrets: first = [], ...rest } = options
  const secrets: string[] = []
  const counts: Record<number, number> = {}
  const took: number[] = []
  const child = startChild(t, 'load-program', [JSON.stringify(rest)])
  const say = (message: ToLoad) => child.connected && child.send(message)
  const started = heard('started')

  function heard(type: FromLoad['type']): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the load ended'))
      const hear = (message: unknown) => {
        if (!isFromLoad(message) || message.type !== type) return
        child.off('message', hear).off('exit', ended)
        resolve()
      }
      child.on('message', hear).once('exit', ended)
    })
  }

  function see([place, port, answer]: Row): void {
    counts[answer.status] = (counts[answer.status] ?? 0) + 1
    took.push(answer.tookMs)
    answered({ ...answer, secret: secrets[place] ?? '', port })
  }

  child.on('message', (message: unknown) => {
    if (!isFromLoad(message) || message.type !== 'answers') return
    for (const row of message.answers) see(row)
  })

  function add(more: readonly string[]): void {
    secrets.push(...more)
    say({ type: 'secrets', secrets: more })
  }

  async function settled(): Promise<void> {
    const told = heard('told')
    say({ type: 'tell' })
    await told
  }

  add(first)
  await started
  return {
    counts,
    took,
    add,
    settled,
    async warmUp(forMs) {
      await sleep(forMs)
      await settled()
      took.length = 0
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      say({ type: 'stop' })
      await ended
      if (child.exitCode !== 0) throw new Error('the load failed')
    },
  }
}
