// The soak, minute by minute: load with changes under way, then quiet, in which all that was sent has to be found again.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { until } from '../../main/fleet.ts'
import { createPostgres } from '../../../src/store/postgres.ts'
import { makeKindKeys } from '../../support/request-kinds.ts'
import { type Sums, usesIn } from '../../support/request-sums.ts'
import { type Clients, createClients } from './clients.ts'
import type { Fault, Soaked } from './gateway.ts'
import { type Held, heldBy } from './held.ts'
import { createKeyring, type Verdicts } from './keyring.ts'
import { createKindsLoad } from './kinds-load.ts'
import { createScrapes } from './scrapes.ts'

export interface MinutePlan {
  /** How long rounds of every kind are begun, at its start. */
  readonly kindsMs: number
  /** From the start until the clients pause, at least. */
  readonly loadMs: number
  /** From the start to the next, at least. */
  readonly wholeMs: number
  readonly changeEveryMs: number
  /** Under the clients' load, one after the other. */
  readonly faults: readonly Fault[]
  /** In the quiet at its end: what a killed process had not told yet would be lost. */
  readonly lastly: readonly Fault[]
}

export interface Minute {
  readonly plan: MinutePlan
  /** All of the whole run so far. */
  readonly sent: Sums
  readonly found: Sums
  readonly lost: number
  readonly verdicts: Verdicts
  /** Answers by the first digit of their status, of this minute. */
  readonly classes: Readonly<Record<string, number>>
  /** The primary, then the workers, the oldest first; in the quiet. */
  readonly held: readonly Held[]
  readonly upstreamConnections: number
  readonly clientConnections: number
  readonly loopP99Ms: number
  readonly backwards: readonly string[]
}

const scrapeEveryMs = 5_000

/** Makes what runs a minute; the first one begins when it is called. */
export async function createMinutes(
  t: Test,
  gateway: Soaked,
): Promise<(plan: MinutePlan) => Promise<Minute>> {
  const { admin, port, log, upstream } = gateway
  const db = createPostgres({ url: gateway.databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  const kinds = createKindsLoad(port, await makeKindKeys(admin))
  const keyring = await createKeyring(admin)
  const clients: Clients = createClients(port, keyring)
  const scrapes = createScrapes(gateway.scrape)
  let mostUpstream = 0

  const sent = (): Sums => {
    const lines = kinds.lines + clients.answered
    return { lines, counts: lines, uses: kinds.uses + clients.uses }
  }

  async function find(): Promise<Sums> {
    log.read()
    await scrapes.scrape()
    return { lines: log.lines, counts: scrapes.counts, uses: await usesIn(db) }
  }

  /** What was left of all; waits for a while for as much as was sent. */
  async function settle(): Promise<Sums> {
    const { lines, uses } = sent()
    await until(async () => {
      const found = await find()
      return found.lines >= lines && found.counts >= lines && found.uses >= uses
    })
    // What comes late would be one too many.
    await sleep(1_000)
    return find()
  }

  /** Again and again until it is ended. */
  function keep(everyMs: number, work: () => Promise<void>): () => Promise<void> {
    let isOver = false
    const running = (async () => {
      while (!isOver) {
        await Promise.all([work(), sleep(everyMs)])
      }
    })()
    return () => {
      isOver = true
      return running
    }
  }

  async function underLoad({ kindsMs, loadMs, changeEveryMs, faults }: MinutePlan): Promise<void> {
    const over = sleep(loadMs)
    clients.resume()
    const keepChanging = () => keep(changeEveryMs, keyring.change)
    let endChanges = keepChanging()
    const moved = (async () => {
      // In this order both names of the route are told at the end of the minute: SIGHUP takes a table, too.
      await sleep(kindsMs / 3)
      await gateway.rotate()
      await sleep(kindsMs / 3)
      await gateway.rename()
    })()
    await kinds.run(kindsMs)
    await moved
    for (const fault of faults) {
      // No change is made without Postgres.
      if (fault === 'Postgres restarted') await endChanges()
      await gateway.faults[fault]()
      if (fault === 'Postgres restarted') endChanges = keepChanging()
    }
    await over
    await endChanges()
    await clients.pause()
  }

  return async (plan) => {
    const over = sleep(plan.wholeMs)
    const endScrapes = keep(scrapeEveryMs, async () => {
      mostUpstream = Math.max(mostUpstream, upstream.open())
      await scrapes.scrape()
    })
    await underLoad(plan)
    await endScrapes()
    const found = await settle()
    const held: Held[] = []
    for (const pid of [gateway.pid, ...gateway.workers()]) held.push(await heldBy(pid, gateway.heapFolder))
    const minute: Minute = {
      ...{ plan, sent: sent(), found, lost: clients.lost, held, classes: log.takeClasses() },
      verdicts: { ...keyring.verdicts, others: { ...keyring.verdicts.others } },
      upstreamConnections: mostUpstream,
      ...scrapes.takeMost(),
      backwards: [...scrapes.backwards],
    }
    upstream.requests.length = mostUpstream = 0
    for (const fault of plan.lastly) await gateway.faults[fault]()
    await over
    return minute
  }
}
