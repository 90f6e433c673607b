// Contract 5: only what the request itself shows may be told beyond the code.

import t from 'tap'
import type { CompiledConfig } from '../../../src/config/compiled.ts'
import { sampleKey } from '../../../src/credentials/secret.ts'
import { createJudge, notGiven, rulesOf } from '../../../src/decision/judge.ts'
import { withHint } from '../../../src/decision/hints/hint.ts'
import { type Denial, deny } from '../../../src/errors/denial.ts'
import { configOf, edit, gatewayYaml } from '../../config/files.ts'
import { loadDemo } from '../../gateway/subject.ts'

const demo = await loadDemo()
const live = sampleKey('pk_live_')
const flint = sampleKey('flint_live_')

interface Asked {
  readonly method?: string
  readonly target?: string
  readonly fields: readonly string[]
}

/** The refusal of a request whose look-up is not asked. */
function refusalOf(config: CompiledConfig, { method = 'GET', target = '/v1/transactions/1', fields }: Asked) {
  const flat = fields.flatMap((field) => {
    const colon = field.indexOf(':')
    return [field.slice(0, colon), field.slice(colon + 1).trim()]
  })
  const view = { method, target, fields: flat, httpMajor: 1, httpMinor: 1, peer: '192.0.2.1' }
  const inquiry = createJudge(rulesOf(config))(
    { ...view, isPeerTrusted: false, isPeerTls: false },
    { found: notGiven, denied: null, nowMs: 0 },
  )
  return { inquiry, denial: inquiry.denial ?? deny('INTERNAL_ERROR', 'not_given') }
}

function told(asked: Asked, config = demo): Denial {
  const { inquiry, denial } = refusalOf(config, asked)
  return withHint(inquiry, denial)
}

const flintn = 'Host: api.flintn.com'
const documents = { target: '/documents' }
const bearer = 'Host: api.flint.com'

t.test('host, path and method are told as seen', async (t) => {
  t.match(told({ fields: ['Host: Api.Flintn.example:81'] }), {
    code: 'UNKNOWN_HOST',
    hint: 'no API is served under the host Api.Flintn.example:81',
  })
  t.match(told({ fields: [flintn], target: '/v1/transaction/1?expand=all', method: 'POST' }), {
    code: 'ROUTE_NOT_FOUND',
    hint: 'there is no POST /v1/transaction/1',
  })
  t.match(told({ fields: [flintn], target: '/v1/status', method: 'DELETE' }), {
    code: 'METHOD_NOT_ALLOWED',
    hint: 'there is no DELETE /v1/status; Allow lists the methods that the path has',
  })
  // What was said already stays.
  t.match(told({ fields: [flintn], target: '/a//b' }).hint, /two slashes/)
})

t.test('what is told of host and path is cut, escaped and masked', async (t) => {
  const { hint = '' } = told({ fields: [flintn], target: `/v1/${'<b>'.repeat(5_000)}` })
  t.ok(hint.length < 300 && /^there is no GET \/v1\/\\x3cb\\x3e/.test(hint), hint)
  t.match(told({ fields: [flintn], target: `/v1/nothing/${live}` }).hint, /\/v1\/nothing\/pk_live_\*\*\*$/)
  t.match(told({ fields: [`Host: ${live}.example`] }).hint, /the host pk_live_\*\*\*\.example$/)
})

t.test('who has no key is told where it belongs, whatever else there is', async (t) => {
  const hint = (...fields: string[]) => told({ fields: [flintn, ...fields] }).hint
  t.equal(hint(), 'send the key in the header X-Api-Key')
  t.match(hint('X-Api-Key:'), /is empty: send the key in the header X-Api-Key$/)
  const elsewhere = /where this API does not look: send the key in the header X-Api-Key$/
  for (const field of [
    ...[`Authorization: Bearer ${live}`, 'Authorization: Basic cGs6', `Api-Key: ${live}`, 'X-Auth-Token: x'],
    ...[`X-Whatever: ${live}`, `Cookie: key=${live}`],
  ])
    t.match(hint(field), elsewhere, field)
  t.equal(hint('User-Agent: curl', 'Cookie: session=1'), 'send the key in the header X-Api-Key')
  const asBearer = told({ ...documents, fields: [bearer, `X-Api-Key: ${flint}`] })
  t.match(asBearer, {
    code: 'MISSING_API_KEY',
    hint: /does not look: send the key as "Authorization: Bearer <key>"$/,
  })
})

t.test('what a request shows of its key is told', async (t) => {
  const hint = (...fields: string[]) => told({ fields: [flintn, ...fields] }).hint
  t.match(
    hint(`X-Api-Key: ${live}`, `x-api-key: ${live}`),
    /more than one key: send one, once, in the header X-Api-Key/,
  )
  t.match(hint(`X-Api-Key: "${live}"`), /in quotes/)
  t.match(told({ fields: [flintn, `X-Api-Key: ${live}`], target: `/v1/transactions/1?key=${live}` }), {
    code: 'INVALID_API_KEY',
    hint: /stands in the URL.*in the header X-Api-Key, and rotate/,
  })
  // On a public route too.
  t.match(told({ fields: [flintn], target: `/v1/status?key=${live}` }).hint, /stands in the URL/)
  const scheme = (value: string) => told({ ...documents, fields: [bearer, `Authorization: ${value}`] }).hint
  t.match(scheme(flint), /the key without its scheme/)
  t.match(scheme('Basic cGs6'), /another scheme than Bearer/)
  t.match(scheme(`Bearer Bearer ${flint}`), /word such as Bearer/)
  t.match(
    scheme(`Bearer ${live}`),
    /another product: keys for this host begin with flint_live_ or flint_test_/,
  )
})

t.test('a key of the other environment is told its host', async (t) => {
  t.match(told({ fields: [flintn, `X-Api-Key: ${sampleKey('pk_test_')}`] }), {
    code: 'WRONG_ENVIRONMENT',
    hint: 'that is a key for sandbox, whose host is sandbox.api.flintn.com; keys for this host begin with pk_live_',
  })
})

t.test('a beginning of such a key is told no host: whoever sends it has no key', async (t) => {
  const key = sampleKey('pk_test_')
  const hint = (value: string) => told({ fields: [flintn, `X-Api-Key: ${value}`] })
  const begins = 'that begins as a key for sandbox does: keys for this host begin with pk_live_; '
  for (const cut of ['pk_test_', key.slice(0, 20), key.slice(0, -1)])
    t.match(hint(cut), { code: 'WRONG_ENVIRONMENT', hint: `${begins}the key is cut: copy all of it` })
  t.match(hint(`${key}0`), { code: 'WRONG_ENVIRONMENT', hint: new RegExp(`^${begins}the key is too long`) })
  const misspelt = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`
  t.match(hint(misspelt), { code: 'WRONG_ENVIRONMENT', hint: new RegExp(`^${begins}the key is misspelt`) })
})

t.test('where a key may stand in two places, both are told', async (t) => {
  const both = edit(
    gatewayYaml,
    'credential: { header: X-Api-Key }',
    'credential: { header: X-Api-Key, bearer: true }',
  )
  const table = 'permissions: { a.read: Read }\nroutes:\n  GET /x: a.read\n'
  const config = await configOf(t, { gateway: both, table })
  const [api] = config.table.apis.values()
  const host = `Host: ${api?.environments[0]?.hosts[0]}`
  t.equal(
    told({ target: '/x', fields: [host] }, config).hint,
    'send the key in the header X-Api-Key or as "Authorization: Bearer <key>"',
  )
})

t.test('a hint goes by request and code alone, whatever the reason', async (t) => {
  for (const value of [live, `${live}x`, 'hunter2']) {
    const { inquiry } = refusalOf(demo, { fields: [flintn, `X-Api-Key: ${value}`] })
    const reasons = [
      'unknown',
      'revoked',
      'disabled',
      'expired',
      'denied_key',
      'denied_client',
      'malformed',
    ] as const
    const hints = new Set(reasons.map((reason) => withHint(inquiry, deny('INVALID_API_KEY', reason)).hint))
    t.equal(hints.size, 1, value)
    t.equal(hints.has(undefined), value === live)
  }
  // Of who is denied as a client: no key, and no word about it.
  const { inquiry } = refusalOf(demo, { fields: [flintn] })
  t.equal(withHint(inquiry, deny('INVALID_API_KEY', 'denied_client')).hint, undefined)
})
