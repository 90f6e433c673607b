// Generated connections against the running gateway. What the upstream reads is what a strict reader reads of the bytes
// that were sent, and only what the contract lets through; each request at most once, with one identity and no key.
// Twenty seconds with a fixed seed; with LATCHKEY_TEST_LONG=1 a minute. LATCHKEY_TEST_SEED chooses another seed.

import { assert, asyncProperty } from 'fast-check'
import t from 'tap'
import { type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { converse } from '../support/conversation.ts'
import { bytesOf, goodScripts, mixedScripts, type Script } from '../support/raw-requests.ts'
import { type Admission, mayPass, readRequests, targetOf } from '../support/reference-reader.ts'
import { faultsOfRefusal } from '../support/refusal.ts'
import { plainAnswer, type RecordedRequest, valuesOf } from '../support/upstream.ts'
import { fieldOf, parseResponse } from '../support/wire.ts'

t.setTimeout(600_000)

const isLong = process.env['LATCHKEY_TEST_LONG'] === '1'
const seed = Number(process.env['LATCHKEY_TEST_SEED'] ?? 20_260_101)
// A minute in all, also where every change is checked.
const limitMs = isLong || process.env['CI'] === 'true' ? 30_000 : 10_000

const routes = `
  GET    /v1/status: public
  GET    /v1/transactions/{id}: transaction.read
  POST   /v1/transactions/{id}/refund: transaction.refund
  POST   /v1/upload: transaction.refund
  DELETE /v1/transactions/{id}: transaction.refund
  GET    /v1/exports/summary: transaction.read
  GET    /v1/exports/{id}: transaction.search
  GET    /v1/files/{path...}: transaction.read
`
const admissionFor = (key: string): Admission => ({
  host: /^api\.flintn\.com\.?(?::\d{0,5})?$/i,
  key,
  prefixes: ['pk_live_', 'pk_test_', 'flint_live_', 'flint_test_'],
  open: /^(?:GET|HEAD) \/v1\/status$/,
  keyed:
    /^(?:(?:GET|HEAD|DELETE) \/v1\/transactions\/[^/]+|POST \/v1\/(?:transactions\/[^/]+\/refund|upload)|(?:GET|HEAD) \/v1\/(?:files\/.+|exports\/(?:summary|(?!(?:s|%[57]3)(?:u|%[57]5)(?:m|%[46]d){2}(?:a|%[46]1)(?:r|%[57]2)(?:y|%[57]9)$)[^/]+)))$/i,
})

const kept = JSON.stringify({ ok: true })
const [plainBody] = plainAnswer.split('\r\n\r\n').slice(1)

/** Sends scripts and holds what the upstream saw against them. */
function createJudge(program: KeyedProgram): {
  /** Faults, a line each. */
  judge(script: Script): Promise<{ faults: string[]; passed: number; sent: number }>
  readonly totals: { connections: number; requests: number; upstream: number }
} {
  const { key, live } = program
  const admission = admissionFor(key.secret)
  /** What may still arrive, and how often: what was cut off late may show in a later turn. */
  const awaited = new Map<string, { times: number; isOpen: boolean }>()
  let serial = 0
  let seen = 0
  const totals = { connections: 0, requests: 0, upstream: 0 }

  const faultsOfArrived = (): string[] => {
    const faults: string[] = []
    for (; seen < live.requests.length; seen++) {
      const request = live.requests[seen]
      if (request === undefined) continue
      const expected = awaited.get(fingerprint(request))
      if (expected === undefined || expected.times-- === 0) {
        faults.push(`never sent, or sent twice: ${JSON.stringify(request)}`)
      }
      faults.push(...faultsOfIdentity(request, program, expected?.isOpen === true))
    }
    return faults
  }

  return {
    totals,
    async judge(script) {
      const bytes = bytesOf(script, key.secret, () => ++serial)
      const read = readRequests(bytes)
      const passing = read.filter((request) => mayPass(request, admission))
      for (const request of passing) {
        const target = targetOf(request)
        const [path = ''] = target.split('?')
        const isOpen = admission.open.test(`${request.method} ${path}`)
        const print = fingerprint({ ...request, target })
        const times = awaited.get(print)?.times ?? 0
        awaited.set(print, { times: times + 1, isOpen })
      }
      const responses = await converse(program.gatewayPort, {
        bytes,
        cuts: script.cuts,
        methods: read.map(({ method }) => method),
      })
      totals.connections++
      totals.requests += read.length
      totals.upstream = live.requests.length
      const faults = [
        ...faultsOfArrived(),
        ...responses.flatMap((response, i) => faultsOfResponse(response, read[i]?.method, key.secret)),
      ]
      return { faults, passed: responses.filter(isFromUpstream).length, sent: script.messages.length }
    },
  }
}

function fingerprint({ method, target, body }: Pick<RecordedRequest, 'method' | 'target' | 'body'>): string {
  return JSON.stringify([method, target, body])
}

function faultsOfIdentity(request: RecordedRequest, program: KeyedProgram, isOpen: boolean): string[] {
  const identity = {
    'x-merchant-id': program.merchant,
    'x-key-id': program.key.id,
    'x-environment': 'live',
    'x-permissions': 'transaction.read,transaction.refund,transaction.search',
  }
  const folded = request.headers.map(([name, value]): [string, string] => [
    name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'),
    value,
  ])
  const faults: string[] = []
  for (const [name, value] of Object.entries(identity)) {
    const values = folded.filter(([field]) => field === name).map(([, text]) => text)
    const expected = isOpen ? [] : [value]
    if (values.join('|') !== expected.join('|')) faults.push(`${name} is ${values.join('|')}`)
  }
  // A client may write its key into any field; these are the places that are known for one.
  const carriers = folded.filter(([name]) => name === 'x-api-key' || name === 'authorization')
  if (carriers.length > 0) faults.push('a credential went on')
  for (const name of ['host', 'x-request-id', 'x-forwarded-for']) {
    if (valuesOf(request, name).length !== 1) faults.push(`${name} is not there once`)
  }
  return faults
}

function isFromUpstream(bytes: string): boolean {
  return fieldOf(parseResponse(bytes), 'X-Error-Source') === undefined
}

/** Every answer is the upstream's, whole, or a refusal in the one shape. */
function faultsOfResponse(bytes: string, method: string | undefined, secret: string): string[] {
  const response = parseResponse(bytes)
  if (isFromUpstream(bytes)) {
    const isWhole = response.status === 200 && (method === 'HEAD' || response.body === plainBody)
    return isWhole ? [] : [`an answer of nobody: ${bytes.slice(0, 300)}`]
  }
  if (method === 'HEAD') return []
  const plain = bytes.includes('application/problem+json') ? undefined : response
  return plain === undefined ? [] : faultsOfRefusal(plain, [secret])
}

t.test('generated connections', async (t) => {
  const program = await startKeyedProgram(t, { routes })
  const { judge, totals } = createJudge(program)
  const settings = { seed, numRuns: 1_000_000, interruptAfterTimeLimit: limitMs }

  await t.test('good requests all arrive, once, as they were sent', async (t) => {
    const property = asyncProperty(goodScripts, async (script) => {
      const { faults, passed, sent } = await judge(script)
      if (passed !== sent) faults.push(`${passed} of ${sent} were served`)
      if (faults.length > 0) throw new Error(faults.join('\n'))
    })
    await assert(property, settings)
    t.ok(totals.connections > 50, `${totals.connections} connections, ${totals.requests} requests`)
  })

  await t.test(
    'among bad ones, only good requests arrive, and the rest is refused in the one shape',
    async (t) => {
      const before = totals.connections
      const property = asyncProperty(mixedScripts, async (script) => {
        const { faults } = await judge(script)
        if (faults.length > 0) throw new Error(faults.join('\n'))
      })
      await assert(property, settings)
      t.ok(totals.connections - before > 50)
      t.comment(
        `${totals.connections} connections, ${totals.requests} requests read, ${totals.upstream} forwarded`,
      )
    },
  )

  await t.test('the gateway serves as before', async (t) => {
    t.equal((await program.send('GET /v1/transactions/1')).body, kept)
  })
})
