// Contract 9.1: many attempts to sign in, at many accounts: few of them cost anything, and others are served meanwhile.
// LATCHKEY_TEST_LONG=1: 100,000 attempts, and what they cost is printed.

import { Agent, request } from 'node:http'
import { appendFile } from 'node:fs/promises'
import t from 'tap'
import { cpuSeconds } from '../../../bench/process-usage.ts'
import { adminToken, latchkey, secrets, untilReady, writeConfig } from '../../main/process.ts'
import { createEmptyDatabase } from '../../support/database.ts'

const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'
const attempts = isLong ? 100_000 : 3_000
const accounts = 100
const addresses = 100
const atOnce = 50
const password = 'correct horse battery'

t.setTimeout(1_800_000)

interface Asked {
  readonly path: string
  readonly body?: object
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

interface Told {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly cookie: string
  readonly ms: number
}

/** A connection that the server has ended meanwhile, as nobody used it, is no answer. */
function askerOf(port: number, agent: Agent): (asked: Asked) => Promise<Told> {
  return async (asked) => {
    for (;;) {
      try {
        return await askOnce(port, agent, asked)
      } catch (error) {
        if (Object(error).code !== 'ECONNRESET') throw error
      }
    }
  }
}

function askOnce(port: number, agent: Agent, { path, body, from, headers }: Asked): Promise<Told> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const options = {
      ...{ port, host: '127.0.0.1', localAddress: from ?? '127.0.0.1', path, agent },
      method: body === undefined ? 'GET' : 'POST',
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    }
    const asked = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      response.on('error', reject).on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: { ...Object(JSON.parse(text)) },
          cookie: String(response.headers['set-cookie'] ?? '').split(';')[0] ?? '',
          ms: performance.now() - startedAt,
        }),
      )
    })
    asked.on('error', reject).end(body && JSON.stringify(body))
  })
}

void t.test(
  `${attempts} attempts at ${accounts} accounts: few are compared, and others are served`,
  async (t) => {
    const { url } = await createEmptyDatabase(t)
    const file = await writeConfig(t, { postgres: url })
    await appendFile(file, 'hub: {}\n')
    const running = latchkey(t, ['start', '--config', file], secrets)
    const { control: port } = await untilReady(running)
    const agent = new Agent({ keepAlive: true, maxSockets: 200 })
    t.teardown(async () => agent.destroy())

    const ask = askerOf(port, agent)
    const authorization = `Bearer ${adminToken}`
    for (let i = 0; i < accounts; i++) {
      const made = await ask({
        path: '/admin/v1/operators',
        body: { email: `a${i}@x.test` },
        headers: { authorization },
      })
      if (i > 0) continue
      const token = String(Object(made.body['link'])['url']).split('#')[1]
      t.equal((await ask({ path: '/hub/v1/password', body: { token, password } })).status, 200)
    }
    const signIn = { path: '/hub/v1/session', body: { email: 'a0@x.test', password }, from: '127.1.0.1' }
    let { cookie, status } = await ask(signIn)
    t.equal(status, 200)

    const counts = new Map<number, number>()
    const startedAt = performance.now()
    const cpuBefore = cpuSeconds(running.pid)
    let begun = 0
    async function attack(): Promise<void> {
      for (let number = begun++; number < attempts; number = begun++) {
        const body = { email: `a${number % accounts}@x.test`, password: `guess ${number}` }
        const from = `127.2.0.${1 + (Math.floor(number / accounts) % addresses)}`
        const answer = await ask({ path: '/hub/v1/session', body, from })
        counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1)
      }
    }
    const served: number[] = []
    const again: number[] = []
    let isOver = false
    async function others(): Promise<void> {
      while (!isOver) {
        const answer = await ask({ path: '/hub/v1/session', headers: { cookie }, from: '127.1.0.1' })
        t.equal(answer.status, 200)
        served.push(answer.ms)
        if (served.length % 20 !== 0) continue
        // On with the newest: of more than a hundred sessions the first ones end.
        ;({ cookie, status } = await ask(signIn))
        again.push(status)
      }
    }
    const beside = others()
    await Promise.all(Array.from({ length: atOnce }, attack))
    isOver = true
    await beside

    const seconds = (performance.now() - startedAt) / 1_000
    const cpu = cpuSeconds(running.pid) - cpuBefore
    t.same(new Set(counts.keys()), new Set([401, 429]))
    // Ten of each account, and one more each half minute; an account takes another ten from who is right meanwhile.
    const most = accounts * (10 + Math.ceil(seconds / 30)) + 10 * (again.length + 1)
    t.ok((counts.get(401) ?? 0) <= most, `${counts.get(401)} of ${most} were compared`)
    t.ok(served.length > 0)
    t.same(new Set(again), new Set(again.length === 0 ? [] : [200]), 'who is signed in there signs in')
    if (!isLong) return
    const sorted = served.toSorted((a, b) => a - b)
    const p = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0)
    t.comment(
      `${attempts} attempts in ${Math.round(seconds)} s, ${Math.round(cpu)} s of CPU (${((cpu / attempts) * 1e3).toFixed(2)} ms each); ` +
        `compared ${counts.get(401)}; ${served.length} others served, p50 ${p(0.5)} ms, p99 ${p(0.99)} ms; signed in ${again.length} times`,
    )
  },
)
