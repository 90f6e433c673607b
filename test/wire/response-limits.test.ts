// Contract 5.9.
// What an answer may be: how large, and how long it may pause; of a route, or of all routes of an API.

import t from 'tap'
import { host, type KeyedProgram, startKeyedProgram } from '../support/keyed-program.ts'
import { codeOf, fieldOf, type RawResponse, request } from '../support/wire.ts'

const routes = `
  GET /v1/any: transaction.read
  GET /v1/free: { permission: transaction.read, response: { max_body: none, idle_timeout: 60s } }
  GET /v1/small: { permission: transaction.read, response: { max_body: 10 } }
  GET /v1/patient: { permission: transaction.read, response: { idle_timeout: 60s } }
`

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const sized = (bytes: number, status = '200 OK') =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${bytes}\r\n\r\n${'x'.repeat(bytes)}`

/** All that comes until the gateway closes. */
async function whole({ raw, auth }: KeyedProgram, line: string, body = ''): Promise<RawResponse> {
  const fields = [host, auth, 'Connection: close', ...(body === '' ? [] : [`Content-Length: ${body.length}`])]
  return raw(request(line, fields, body), 5_000)
}

/** The body without its framing; undefined: it was cut. */
function bodyOf(answer: RawResponse): string | undefined {
  const length = fieldOf(answer, 'content-length')
  if (length !== undefined) return answer.body.length === Number(length) ? answer.body : undefined
  if (!/\r\ntransfer-encoding: chunked/i.test(answer.head)) return answer.body
  if (!/(^|\n)0\r\n\r\n$/.test(answer.body)) return undefined
  return answer.body.replace(/(^|\r\n)[0-9a-f]+\r\n/g, '').replace(/\r\n$/, '')
}

void t.test(
  'an answer over `response.max_body` is refused, or cut where it has begun to go out',
  async (t) => {
    let answer = ''
    let late: string | undefined
    const program = await startKeyedProgram(t, {
      routes,
      api: '    response: { max_body: 1kb }',
      answer: (_, socket) => {
        if (late === undefined) return answer
        const rest = late
        socket.write(answer)
        setTimeout(() => socket.write(rest), 50)
        return undefined
      },
    })
    const { log } = program
    const ask = async (line: string, bytes: string, rest?: string) => {
      answer = bytes
      late = rest
      const got = await whole(program, line)
      return got.status === 200 ? `200 ${bodyOf(got)?.length ?? 'cut'}` : `${got.status} ${codeOf(got)}`
    }
    t.equal(await ask('GET /v1/any', sized(1024)), '200 1024', 'as large as it may be')
    t.equal(await ask('GET /v1/any', sized(1025)), '502 UPSTREAM_ERROR')
    t.equal(await ask('GET /v1/small', sized(10)), '200 10')
    t.equal(await ask('GET /v1/small', sized(11)), '502 UPSTREAM_ERROR', 'the route’s own')
    t.equal(await ask('GET /v1/free', sized(5_000)), '200 5000', 'none')
    t.equal(
      await ask('GET /v1/small', `${chunkedHead}${chunk('12345')}${chunk('123456')}0\r\n\r\n`),
      '502 UPSTREAM_ERROR',
      'chunks that come at once',
    )
    t.equal(
      await ask('GET /v1/small', `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${'x'.repeat(11)}`),
      '502 UPSTREAM_ERROR',
    )
    t.equal(await ask('GET /v1/small', `${chunkedHead}${chunk('12345')}${chunk('12345')}0\r\n\r\n`), '200 10')
    t.equal(
      await ask('GET /v1/small', `${chunkedHead}${chunk('12345')}`, `${chunk('123456')}0\r\n\r\n`),
      '200 cut',
    )
    // What these say of a length is of no body.
    answer = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'
    late = undefined
    t.equal((await whole(program, 'HEAD /v1/small')).status, 200)
    answer = 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n'
    t.equal((await whole(program, 'GET /v1/small')).status, 304)
    answer = sized(3)
    t.equal((await whole(program, 'GET /v1/small')).body, 'xxx', 'and the next one is served')
    const refused = log.filter((line) => line['reason'] === 'response_too_large')
    t.equal(refused.length, 4)
    t.match(refused[0], { status: 502, failure: 'the body is over `response.max_body`' })
    t.equal(log.filter((line) => line['cut'] === 'upstream').length, 1)
  },
)

void t.test('an answer may pause for as long as its route or API says, else the gateway', async (t) => {
  const pausing = async (options: { readonly gateway: string; readonly api?: string }) =>
    startKeyedProgram(t, {
      ...options,
      routes,
      answer: (_, socket) => {
        socket.write(`${chunkedHead}${chunk('begin')}`)
        setTimeout(() => socket.write(`${chunk('end')}0\r\n\r\n`), 1_000)
        return undefined
      },
    })
  const impatient = await pausing({ gateway: ', limits: { idle_timeout: 200ms }' })
  t.equal(bodyOf(await whole(impatient, 'GET /v1/any')), undefined)
  t.equal(bodyOf(await whole(impatient, 'GET /v1/patient')), 'beginend')
  t.match(
    impatient.log.find((line) => line['cut'] !== undefined),
    { cut: 'timeout', route: 'GET /v1/any' },
  )
  const api = await pausing({ gateway: '', api: '    response: { idle_timeout: 200ms }' })
  t.equal(bodyOf(await whole(api, 'GET /v1/any')), undefined)
  t.equal(bodyOf(await whole(api, 'GET /v1/patient')), 'beginend')
})

void t.test('`max_body` and `timeout` of an API are those of its routes that say nothing', async (t) => {
  const program = await startKeyedProgram(t, {
    routes: `
  POST /v1/any: transaction.refund
  POST /v1/free: { permission: transaction.refund, max_body: none }
  POST /v1/small: { permission: transaction.refund, max_body: 3 }
  GET /v1/late: transaction.read
  GET /v1/later: { permission: transaction.read, timeout: 60s }
`,
    api: '    max_body: 5\n    timeout: 200ms',
    answer: ({ method, target }, socket) => {
      if (method === 'POST') return sized(2)
      if (target === '/v1/later') setTimeout(() => socket.write(sized(2)), 1_000)
      return undefined
    },
  })
  const post = async (path: string, body: string) => (await whole(program, `POST ${path}`, body)).status
  t.same([await post('/v1/any', '12345'), await post('/v1/any', '123456')], [200, 413])
  t.same([await post('/v1/small', '123'), await post('/v1/small', '1234')], [200, 413])
  t.equal(await post('/v1/free', 'x'.repeat(100)), 200)
  t.equal(codeOf(await whole(program, 'GET /v1/late')), 'UPSTREAM_TIMEOUT')
  t.equal((await whole(program, 'GET /v1/later')).status, 200)
})
