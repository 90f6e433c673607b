// Contract 5.10.

import t from 'tap'
import { catalogue, type ErrorCode, entryOf } from '../../src/errors/catalogue.ts'
import type { Denial } from '../../src/errors/denial.ts'
import { type ErrorContext, renderError } from '../../src/errors/reply.ts'

const context: ErrorContext = { requestId: 'req_1' }
const codes = Object.keys(catalogue) as ErrorCode[]

/** With any reason: none of it must show. */
function refusal(code: ErrorCode, reason: string, extra: Partial<Denial> = {}): Denial {
  return { code, reason, ...extra }
}

function render(denial: Denial, more: Partial<ErrorContext> = {}) {
  const { status, headers, body } = renderError(denial, { ...context, ...more })
  const fields: [string, string][] = []
  for (let i = 0; i < headers.length; i += 2) fields.push([headers[i] ?? '', headers[i + 1] ?? ''])
  const values = (name: string) => fields.filter(([key]) => key === name).map(([, value]) => value)
  const json: unknown = JSON.parse(body)
  return { status, values, body, json }
}

void t.test('every error has the one shape, its status and its headers', async (t) => {
  for (const code of codes) {
    const { status, values, body, json } = render(refusal(code, 'private reason'))
    const { message } = entryOf(code)
    t.equal(status, entryOf(code).status)
    t.same(json, { error: { code, message, request_id: 'req_1' } })
    t.same(values('Content-Type'), ['application/json; charset=utf-8'])
    t.same(values('Content-Length'), [String(Buffer.byteLength(body))])
    t.same(values('Cache-Control'), ['no-store'])
    t.same(values('X-Request-Id'), ['req_1'])
    t.same(values('X-Error-Source'), ['gateway'])
    t.notMatch(body, 'private reason')
  }
})

void t.test('what the caller may know of a refusal is in the body, and only there', async (t) => {
  const required = ['transaction.refund', 'transaction.read']
  t.same(render(refusal('INSUFFICIENT_PERMISSIONS', 'x', { required, match: 'any' })).json, {
    error: {
      code: 'INSUFFICIENT_PERMISSIONS',
      message: "This API key doesn't have permission to access this resource",
      request_id: 'req_1',
      required,
      match: 'any',
    },
  })
  const details = [{ path: '/name', message: 'is required' }]
  t.match(render(refusal('VALIDATION_FAILED', 'x', { details })).json, { error: { details } })
  const wrongMethod = render(refusal('METHOD_NOT_ALLOWED', 'x', { allow: ['GET', 'HEAD'] }))
  t.same(wrongMethod.values('Allow'), ['GET, HEAD'])
})

void t.test('the length is that of the bytes, whatever the text holds', async (t) => {
  const details = [{ path: '/größe', message: 'ist zu groß 😀' }]
  for (const accept of [undefined, 'application/problem+json']) {
    for (const requestId of ['req_1', 'req_é', 'req_"1"']) {
      for (const denial of [
        refusal('VALIDATION_FAILED', 'x', { details }),
        refusal('INSUFFICIENT_PERMISSIONS', 'x', { required: ['größe.read'], match: 'any' }),
        refusal('INVALID_API_KEY', 'x'),
      ]) {
        const { values, body, json } = render(denial, { accept, requestId })
        t.same(values('Content-Length'), [String(Buffer.byteLength(body))], body)
        t.match(accept === undefined ? json : { error: json }, { error: { request_id: requestId } })
        t.equal(renderError(denial, { requestId, accept }).isAscii, /^[ -~]*$/.test(body), body)
      }
    }
  }
})

void t.test('a client that prefers problem+json gets RFC 9457 with the same members on top', async (t) => {
  const required = ['transaction.refund']
  const { status, values, json, body } = render(refusal('INSUFFICIENT_PERMISSIONS', 'x', { required }), {
    accept: 'application/problem+json',
  })
  t.equal(status, 403)
  t.same(values('Content-Type'), ['application/problem+json'])
  t.same(values('Content-Length'), [String(Buffer.byteLength(body))])
  t.same(json, {
    type: 'about:blank',
    title: "This API key doesn't have permission to access this resource",
    detail: "This API key doesn't have permission to access this resource",
    status: 403,
    code: 'INSUFFICIENT_PERMISSIONS',
    request_id: 'req_1',
    required,
  })
})

void t.test('a page about the code and a hint are members of both forms', async (t) => {
  const docs = 'https://docs.example/{code}/errors#{code}'
  const doc_url = 'https://docs.example/ROUTE_NOT_FOUND/errors#ROUTE_NOT_FOUND'
  const denial = refusal('ROUTE_NOT_FOUND', 'x', { hint: 'there is no GET /x' })
  t.match(render(denial, { docs }).json, { error: { hint: 'there is no GET /x', doc_url } })
  const problem = render(denial, { docs, accept: 'application/problem+json' })
  t.match(problem.json, { type: doc_url, doc_url, hint: 'there is no GET /x', detail: 'there is no GET /x' })
  t.same(problem.values('Content-Length'), [String(Buffer.byteLength(problem.body))])
  for (const none of [null, undefined]) t.notMatch(render(denial, { docs: none }).body, 'doc_url')
})

const header = { name: 'flintn', credential: { header: 'X-Api-Key', bearer: false } }
const bearer = { name: 'flint', credential: { header: null, bearer: true } }

void t.test('a challenge names what the API takes', async (t) => {
  const challenges = (code: ErrorCode, realm: ErrorContext['realm']) =>
    render(refusal(code, 'x'), { realm }).values('WWW-Authenticate')
  t.same(challenges('INVALID_API_KEY', header), ['ApiKey realm="flintn"'])
  t.same(challenges('INVALID_API_KEY', bearer), ['Bearer realm="flint", error="invalid_token"'])
  t.same(challenges('WRONG_ENVIRONMENT', bearer), ['Bearer realm="flint", error="invalid_token"'])
  t.same(challenges('INSUFFICIENT_PERMISSIONS', bearer), ['Bearer realm="flint", error="insufficient_scope"'])
  t.same(challenges('MISSING_API_KEY', bearer), ['Bearer realm="flint"'])
  t.same(
    challenges('MISSING_API_KEY', { name: 'flintn', credential: { header: 'X-Api-Key', bearer: true } }),
    ['ApiKey realm="flintn"', 'Bearer realm="flintn"'],
  )
  const about = { ...bearer, resourceMetadata: 'https://hub.example/x' }
  t.same(challenges('MISSING_API_KEY', about), [
    'Bearer realm="flint", resource_metadata="https://hub.example/x"',
  ])
  // On one object, with and without an error in turn.
  for (let round = 0; round < 2; round++) {
    t.same(challenges('MISSING_API_KEY', bearer), ['Bearer realm="flint"'])
    t.same(challenges('INVALID_API_KEY', bearer), ['Bearer realm="flint", error="invalid_token"'])
  }
  // Asked again, and under another table: an API of the same name that takes its keys elsewhere.
  t.same(challenges('INVALID_API_KEY', header), ['ApiKey realm="flintn"'])
  t.same(challenges('INVALID_API_KEY', { name: 'flintn', credential: { header: null, bearer: true } }), [
    'Bearer realm="flintn", error="invalid_token"',
  ])
})

void t.test(
  'an error that is not about the caller carries no challenge, nor does one without an API',
  async (t) => {
    for (const code of codes) {
      t.same(render(refusal(code, 'x')).values('WWW-Authenticate'), [])
      if (entryOf(code).challenge !== undefined) continue
      t.same(render(refusal(code, 'x'), { realm: bearer }).values('WWW-Authenticate'), [], code)
    }
  },
)

void t.test('an error that passes says when to try again', async (t) => {
  for (const code of [
    'AUTH_UNAVAILABLE',
    'OVERLOADED',
    'UPSTREAM_UNAVAILABLE',
    'STORE_UNAVAILABLE',
  ] as const) {
    t.same(render(refusal(code, 'x')).values('Retry-After'), ['1'])
  }
  t.same(render(refusal('TOO_MANY_REQUESTS', 'x')).values('Retry-After'), ['60'])
  t.same(render(refusal('INVALID_API_KEY', 'x')).values('Retry-After'), [])
})

void t.test('an error repeats nothing of the request', async (t) => {
  const accept = 'application/problem+json, text/<script>alert(1)</script>, pk_live_SECRET'
  for (const code of codes) {
    const rendered = renderError(refusal(code, 'pk_live_SECRET'), { ...context, accept, realm: bearer })
    t.notMatch(rendered.body + rendered.headers.join(), /SECRET|script/)
  }
})
