// One set-up of the stores under two instances: living keys are asked for all the time while keys are made and revoked, and
// something happens to the stores. What must never be is counted.

import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestProgram } from '../support/program.ts'
import { until } from '../support/until.ts'

export interface Outcome {
  readonly requests: number
  /** Answers that were neither 200 nor 401: allowed while a store is away. */
  readonly unavailable: number
  /** A living key refused. */
  readonly wrongRefusals: number
  /** A key let in after its revocation was confirmed by all. */
  readonly deadAccepted: number
  readonly changes: number
  /** Changes that were answered with success, and are not so in the end. */
  readonly lostChanges: number
}

export type TrialInstance = Pick<TestProgram, 'admin' | 'gatewayPort'>

interface TrialKey {
  readonly id: string
  readonly secret: string
  /** When it was in force everywhere, and when no more; by `performance.now`. */
  readonly bornAt: number
  /** A revocation was begun. */
  isDoomed: boolean
  /** All have confirmed it. */
  deadAt: number
  /** What was answered: in the end it must be so. */
  status: 'active' | 'revoked' | 'unsure'
}

const api = 'flintn'
const pauseMs = 20

/**
 * Runs `happening` under load; resolves when both instances answer rightly for every key, with what was counted. `more`:
 * what else is said of each key.
 */
export async function runTrial(
  instances: readonly [TrialInstance, TrialInstance],
  happening: () => Promise<void>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Outcome> {
  const [{ admin }] = instances
  const merchant = await admin.makeMerchant()
  const keys: TrialKey[] = []
  const counts = { requests: 0, unavailable: 0, wrongRefusals: 0, deadAccepted: 0, changes: 0 }
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const state = { isOver: false }
  const make = () => makeKey(admin, { ...more, merchant_id: merchant }, { keys, counts })
  for (let i = 0; i < 4; i++) await make()

  async function judge(port: number, key: TrialKey): Promise<void> {
    const askedAt = performance.now()
    const isDead = askedAt > key.deadAt
    const status = await ask(agent, port, key.secret)
    counts.requests++
    if (status === 200) counts.deadAccepted += Number(isDead)
    else if (status === 401) counts.wrongRefusals += Number(!key.isDoomed)
    else counts.unavailable++
  }
  const asking = instances.map(async ({ gatewayPort }) => {
    while (!state.isOver) {
      await Promise.all(keys.map((key) => judge(gatewayPort, key)))
      await sleep(pauseMs)
    }
  })
  const changing = (async () => {
    while (!state.isOver) {
      await make()
      const doomed = keys.find((key) => !key.isDoomed && key.status === 'active')
      if (doomed !== undefined && keys.length > 5) await revoke(admin, doomed, counts)
      await sleep(5 * pauseMs)
    }
  })()
  try {
    await happening()
    await sleep(1_000)
  } finally {
    state.isOver = true
    await Promise.all([...asking, changing])
  }
  const lostChanges = await lost(admin, keys)
  await settled(agent, instances, keys)
  agent.destroy()
  return { ...counts, lostChanges }
}

type Counts = { changes: number }

async function makeKey(
  admin: TestProgram['admin'],
  of: Readonly<Record<string, unknown>>,
  { keys, counts }: { readonly keys: TrialKey[]; readonly counts: Counts },
): Promise<void> {
  const { status, body } = await admin.call('POST', '/keys?wait=all', {
    ...of,
    api,
    environment: 'live',
    name: `Key ${keys.length}`,
    permissions: ['transaction.read'],
  })
  if (status !== 201) return
  counts.changes++
  keys.push({
    id: String(body['id']),
    secret: String(body['secret']),
    bornAt: performance.now(),
    isDoomed: false,
    deadAt: Number.POSITIVE_INFINITY,
    status: 'active',
  })
}

async function revoke(admin: TestProgram['admin'], key: TrialKey, counts: Counts): Promise<void> {
  key.isDoomed = true
  const { status, body } = await admin.call('POST', `/keys/${key.id}/revoke?wait=all`)
  const pending: unknown = body['pending']
  if (status !== 200) {
    // Not answered is not known; the next round of the list tells.
    key.status = 'unsure'
    return
  }
  counts.changes++
  key.status = 'revoked'
  if (Array.isArray(pending) && pending.length === 0) key.deadAt = performance.now()
}

/** Holds what was answered against what is; what was not known becomes so. */
async function lost(admin: TestProgram['admin'], keys: readonly TrialKey[]): Promise<number> {
  let count = 0
  for (const key of keys) {
    let { status, body } = await admin.call('GET', `/keys/${key.id}`)
    while (status === 503) {
      await sleep(100)
      ;({ status, body } = await admin.call('GET', `/keys/${key.id}`))
    }
    const is = status === 200 ? String(body['status']) : 'gone'
    if (key.status === 'unsure') key.status = is === 'revoked' ? 'revoked' : 'active'
    else if (is !== key.status) count++
  }
  return count
}

async function settled(
  agent: Agent,
  instances: readonly TrialInstance[],
  keys: readonly TrialKey[],
): Promise<void> {
  for (const { gatewayPort } of instances) {
    for (const key of keys) {
      const wanted = key.status === 'active' ? 200 : 401
      const isRight = async () => (await ask(agent, gatewayPort, key.secret)) === wanted
      await until(isRight, `${wanted} for ${key.id}, which is ${key.status}`)
    }
  }
}

function ask(agent: Agent, port: number, secret: string): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(
      {
        agent,
        port,
        host: '127.0.0.1',
        path: '/v1/transactions/1',
        headers: { host: 'api.flintn.com', 'x-api-key': secret },
      },
      (answer) => {
        answer.resume()
        answer.once('end', () => resolve(answer.statusCode ?? 0))
      },
    )
    asked.once('error', () => resolve(0))
    asked.end()
  })
}
