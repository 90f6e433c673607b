// What a process may open is bounded: clients beyond it are told so, and nothing else wants for a descriptor.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { mostDescriptors, shareDescriptors } from '../../src/main/descriptors.ts'
import { startProcess } from '../support/process.ts'
import type { prepareTestProgram } from '../support/program.ts'
import { freePort, startFleet, until } from './fleet.ts'
import { askOne, count, limits, openMany, startAlone, tooMany } from './many-connections.ts'
import { probe, secrets, writeConfig } from './process.ts'
import { createEmptyDatabase } from '../support/database.ts'

t.setTimeout(300_000)

t.test('shares add up to what there is, and too few are a sentence', (t) => {
  for (const most of [160, 256, 1_024, 65_536, 1_048_576]) {
    for (const wanted of [
      { upstreams: 2, workers: 0 },
      { upstreams: 512, workers: 0 },
      { upstreams: 100_000, workers: 4 },
    ]) {
      const { connections, upstreams, control } = shareDescriptors(most, wanted)
      const sum = connections.most + connections.margin + upstreams + control
      t.ok(sum <= most - 56, `${most}: ${sum}`)
      t.ok(Math.min(connections.most, connections.margin, upstreams, control) > 0)
    }
  }
  t.throws(
    () => shareDescriptors(100, { upstreams: 2, workers: 0 }),
    /^this process may open 100 files and connections, and needs 128 at least: /,
  )
  t.equal(
    shareDescriptors(Number.POSITIVE_INFINITY, { upstreams: 2, workers: 0 }).upstreams,
    Number.POSITIVE_INFINITY,
  )
  t.ok(mostDescriptors() > 0)
  t.end()
})

const subjects = {
  'one process': (t: Parameters<typeof prepareTestProgram>[0]) => startAlone(t),
  'two workers': async (t: Parameters<typeof prepareTestProgram>[0]) => {
    const fleet = await startFleet(t, { limits })
    return { ...fleet, controlPort: fleet.running.controlPort }
  },
}

for (const [name, start] of Object.entries(subjects)) {
  t.test(`more connections than ${name} can have`, async (t) => {
    const subject = await start(t)
    t.equal(await askOne(subject), '200')
    const held = await openMany(subject.port, tooMany)

    await t.test('while they are there, others are told, or served', async (t) => {
      const seen = await count(Array.from({ length: 20 }, () => askOne(subject)))
      t.notOk(
        Object.keys(seen).some((outcome) => outcome !== '200' && outcome !== '503 OVERLOADED and closed'),
        JSON.stringify(seen),
      )
      t.match(await probe(subject.controlPort, '/livez'), { status: 200 })
      t.match(await probe(subject.controlPort), { status: 200 })
      const metrics = await (await fetch(`http://127.0.0.1:${subject.controlPort}/metrics`)).text()
      t.match(metrics, /^latchkey_client_connections\{of="most"\} \d+$/m)
    })

    for (const socket of held) socket.destroy()
    await t.test('when they have gone, all are served', async (t) => {
      t.ok(await until(async () => (await askOne(subject)) === '200'))
      t.same(await count(Array.from({ length: 20 }, () => askOne(subject))), { 200: 20 })
      t.match(await probe(subject.controlPort), { status: 200 })
    })

    await t.test('nor does a storm of requests get anything but answers', async (t) => {
      const seen = await count(Array.from({ length: tooMany }, () => askOne(subject)))
      // A primary has a few hundred of them at most, and the system closes what it cannot have.
      const isTold = (outcome: string) => outcome === '503 OVERLOADED and closed' || name !== 'one process'
      t.ok(
        Object.keys(seen).every((outcome) => outcome === '200' || isTold(outcome)),
        JSON.stringify(seen),
      )
      t.ok((seen['200'] ?? 0) > 0, JSON.stringify(seen))
      t.equal(await askOne(subject), '200')
    })
  })
}

t.test('a process that can open no more connections to upstreams does not take them for down', async (t) => {
  const subject = await startAlone(t, { upstream: ', connections: 1000' })
  const seen = await count(Array.from({ length: 130 }, () => askOne(subject, '/v1/transactions/slow')))
  t.notOk(
    Object.keys(seen).some((outcome) => !/^(200|503 OVERLOADED)/.test(outcome)),
    JSON.stringify(seen),
  )
  t.ok((seen['200'] ?? 0) > 40, JSON.stringify(seen))
  t.equal(await askOne(subject), '200')
})

t.test('too few descriptors for a start are a sentence', async (t) => {
  const { url } = await createEmptyDatabase(t)
  const file = await writeConfig(t, { postgres: url, gatewayPort: await freePort() })
  for (const more of [[], ['--workers', '2']]) {
    const failed = await startProcess(['--config', file, ...more], secrets, 'ready', '-n 120').catch(
      (error: Error) => error,
    )
    t.match(
      failed instanceof Error && failed.message,
      /ended with 1: error: this process may open 120 files and connections, and needs 240 at least: raise [^\n]+\n$/,
    )
  }
})

t.test('as many as it needs are enough to read all that it is made of', async (t) => {
  // What the tests look on by reads modules one by one, and so with fewer descriptors than the program has in the field.
  const alone = '-n 240; unset NODE_OPTIONS'
  for (let round = 0; round < 4; round++) {
    const failed = await startProcess(['--config', '/nowhere/gateway.yaml'], secrets, 'ready', alone).catch(
      (error: Error) => error,
    )
    t.match(failed instanceof Error && failed.message, /gateway\.yaml:1:1 {2}the file does not exist/)
  }
})

t.test('a port that does not answer makes the primary say so, until it does', async (t) => {
  const fleet = await startFleet(t)
  const control = fleet.running.controlPort
  t.match(await probe(control), { status: 200 })
  const lines = () =>
    fleet.running
      .output()
      .split('\n')
      .filter((line) => line.includes('latchkey-probe')).length
  const counted = await fleet.counted('latchkey_requests_total')
  await sleep(3_000)
  t.equal(await fleet.counted('latchkey_requests_total'), counted, 'what it asks is counted nowhere')
  t.equal(lines(), 0, 'and stands in no log')
  for (const pid of fleet.workers()) process.kill(pid, 'SIGSTOP')
  t.ok(await until(async () => (await probe(control)).status === 503))
  t.match(await probe(control), { body: { status: 'degraded', gateway: 'silent' } })
  for (const pid of fleet.workers()) process.kill(pid, 'SIGCONT')
  t.ok(await until(async () => (await probe(control)).status === 200))
  t.equal(await fleet.ask(), 200)
})

t.test('a control port with too many connections still answers', async (t) => {
  const subject = await startAlone(t)
  const held = await openMany(subject.controlPort, 100)
  for (const socket of held) socket.destroy()
  t.ok(await until(async () => (await probe(subject.controlPort)).status === 200))
  t.equal(await askOne(subject), '200')
})
