// Contract 11: who waits for a connection to an upstream is a merchant, from however many addresses; strangers are one together.

import type { Socket } from 'node:net'
import t from 'tap'
import { startKeyedProgram } from '../../support/keyed-program.ts'
import { plainAnswer } from '../../support/upstream.ts'
import { exchange, request } from '../../support/wire.ts'
import { until } from '../upstream/asked.ts'

t.test(
  'a merchant that asks from many addresses waits behind itself, and strangers behind each other',
  async (t) => {
    const held: Socket[] = []
    const program = await startKeyedProgram(t, {
      ...{ gateway: ', trusted_proxies: [127.0.0.1]', upstream: ', connections: 1, queue: 50' },
      answer: (_, socket) => {
        held.push(socket)
        return undefined
      },
    })
    const { admin, auth, live, gatewayPort } = program
    const other = await admin.makeKey(await admin.makeMerchant(), { permissions: ['*'] })
    const pending: Promise<unknown>[] = []
    let asked = 0
    /** Each from another address, and behind those before. */
    async function ask(path: string, fields: readonly string[] = []): Promise<void> {
      const from = `X-Forwarded-For: 192.0.2.${++asked}`
      pending.push(exchange(gatewayPort, request(`GET ${path}`, ['Host: api.flintn.com', from, ...fields])))
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
    for (const name of ['0', '1', '2']) await ask(`/v1/transactions/many-${name}`, [auth])
    for (const name of ['0', '1', '2']) await ask(`/v1/status?${name}`)
    await ask('/v1/transactions/few', [`X-Api-Key: ${other.secret}`])
    for (let answered = 0; answered < 7; answered++) {
      await until(() => held.length > 0)
      held.shift()?.write(plainAnswer)
    }
    await Promise.all(pending)
    t.same(
      live.requests.map(({ target }) => target.replace('/v1/transactions/', '')),
      ['many-0', '/v1/status?0', 'few', 'many-1', '/v1/status?1', 'many-2', '/v1/status?2'],
    )
  },
)
