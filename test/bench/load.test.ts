import t from 'tap'
import { shareOf } from '../../bench/keys.ts'
import { readWrk } from '../../bench/load.ts'
import { assertStatuses } from '../../bench/measure.ts'
import { ticksOf } from '../../bench/process-usage.ts'
import * as requests from '../../bench/requests.ts'

void t.test('what wrk counted is read', async (t) => {
  const output = 'Running 1s test\nRESULT {"requests":100,"micros":2000000,"refused":4,"broken":0}\n'
  t.match(readWrk(output), { requests: 100, seconds: 2, statuses: { ok: 96, refused: 4 } })
  t.throws(() => readWrk(output.replace('"broken":0', '"broken":3')), /3 connections of wrk broke/)
  t.throws(() => readWrk('unable to connect'), /wrk said: unable to connect/)
})

void t.test('an answer of another kind is no measurement', async (t) => {
  const result = { requests: 10, seconds: 1, p50Ms: 0, p99Ms: 0, p999Ms: 0 }
  assertStatuses([200], { ...result, statuses: { 200: 10 } })
  assertStatuses([200], { ...result, statuses: { ok: 10, refused: 0 } })
  assertStatuses([429, 401], { ...result, statuses: { 401: 5, 429: 5 } })
  t.throws(() => assertStatuses([200], { ...result, statuses: { 200: 9, 503: 1 } }), /1 × 503 instead of 200/)
  t.throws(() => assertStatuses([401], { ...result, statuses: { ok: 1, refused: 9 } }), /1 × ok/)
  t.throws(() => assertStatuses([200], { ...result, requests: 0, statuses: {} }), /nothing/)
})

void t.test('the shares of all steps are the whole, without gap or overlap', async (t) => {
  for (const [count, steps] of [
    [10, 3],
    [2, 7],
    [0, 2],
    [100_000, 11],
  ] as const) {
    const shares = Array.from({ length: steps }, (_, step) => shareOf(count, step, steps))
    t.equal(shares[0]?.from, 0)
    t.equal(shares.at(-1)?.to, count)
    t.ok(shares.every(({ from }, i) => i === 0 || from === shares[i - 1]?.to))
  }
})

void t.test('CPU time is read whatever the process calls itself', async (t) => {
  const fields = `S ${Array.from({ length: 10 }, () => 0).join(' ')} 100 20 3 4 20 0`
  t.equal(ticksOf(`42 (node) ${fields}`), 127)
  t.equal(ticksOf(`42 (a (b) c) ${fields}`), 127)
})

void t.test('requests are what they say', async (t) => {
  t.equal(requests.smallAnswer.length, 300)
  const [head = '', body = ''] = requests.postSmall('pk_live_x').split('\r\n\r\n')
  t.equal(body.length, 2_048)
  t.match(head, /Content-Length: 2048$/)
  t.match(requests.getSmall('pk_live_x'), /^GET \/v1\/.*\r\nX-Api-Key: pk_live_x\r\n\r\n$/s)
})
