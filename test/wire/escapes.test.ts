// Contract 3.
// Ids with `#`, `?` and `%` in their escaped form reach the upstream where the route says so, and nowhere else.

import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { faultsOfRefusal } from '../support/refusal.ts'
import { codeOf, request } from '../support/wire.ts'

t.setTimeout(300_000)

const routes = `
  GET    /v1/files/{path...}: { permission: transaction.read, escapes: [hash, question, percent] }
  GET    /v1/files/2026/summary: transaction.refund
  GET    /v1/tags/{tag}: { permission: transaction.read, escapes: [hash] }
  GET    /v1/tags/{tag}/uses: transaction.read
  DELETE /v1/tags/{tag}: transaction.refund
  GET    /v1/status: public
`

/** The error object of a refusal. */
function errorOf(body: string): { readonly hint?: string } {
  const { error } = JSON.parse(body) as { error: { hint?: string } }
  return error
}

t.test('escapes of a route', async (t) => {
  const program = await startKeyedProgram(t, { routes })

  await t.test('what it names is forwarded byte for byte', async (t) => {
    for (const target of [
      '/v1/files/2026/Invoice%20%2312.pdf',
      '/v1/files/who%3F/%23/100%25',
      '/v1/files/50%25%20of%2020%25.pdf?a=%23&b=%2f',
      '/v1/files/a%2525',
      '/v1/tags/%23sale',
    ]) {
      t.equal((await program.send(`GET ${target}`)).status, 200, target)
      t.equal(program.last()?.target, target)
    }
    t.equal((await program.send('HEAD /v1/tags/a%23')).status, 200, 'HEAD follows GET')
  })

  const before = program.live.requests.length
  const refused: Readonly<Record<string, string | undefined>> = {
    'GET /v1/tags/a%3Fb': 'the path holds an escaped question mark (%3f) at byte 11',
    'GET /v1/tags/a%23b/uses': 'the path holds an escaped hash (%23) at byte 11',
    'DELETE /v1/tags/a%23b': 'the path holds an escaped hash (%23) at byte 11',
    'GET /v1/status%23': 'the path holds an escaped hash (%23) at byte 11',
    'GET /v1/none/%25': 'the path holds an escaped percent sign (%25) at byte 10',
    'GET /v1/files/a%2Fb': 'the path holds an escaped slash (%2f) at byte 12',
    'GET /v1/files/a%3bb': 'the path holds an escaped semicolon (%3b) at byte 12',
    'GET /v1/files/a%252Fb': 'the path holds an escape within an escape at byte 12',
    'GET /v1/files/%252e%252e/x': 'the path holds an escape within an escape at byte 11',
    'GET /v1/files/..%23/x': 'the path holds a dot segment (. or ..) at byte 11',
    'GET /v1/files/2026/summary%23x':
      'the path holds what can be read as the name of another resource at byte 16',
    'GET /v1/files/2026/%2573ummary':
      'the path holds what can be read as the name of another resource at byte 16',
  }
  for (const [line, hint] of Object.entries(refused)) {
    await t.test(`${line} is refused, and told why`, async (t) => {
      const response = await program.send(line)
      t.equal(codeOf(response), 'INVALID_PATH')
      t.same(faultsOfRefusal(response, [program.key.secret]), [])
      t.equal(errorOf(response.body).hint, hint)
      t.equal(program.live.requests.length, before)
    })
  }

  await t.test('a method that the path lacks is told to whom another one takes the escape', async (t) => {
    const response = await program.send('POST /v1/tags/a%23b')
    t.equal(codeOf(response), 'METHOD_NOT_ALLOWED')
    t.match(response.head, /^Allow: GET, HEAD\r?$/m)
  })

  await t.test('on a host that nobody has they are refused as ever', async (t) => {
    const response = await program.raw(request('GET /v1/tags/%23', ['Host: no.example']))
    t.equal(codeOf(response), 'INVALID_PATH')
    t.equal(codeOf(await program.raw(request('GET /v1/tags/a', ['Host: no.example']))), 'UNKNOWN_HOST')
  })

  await t.test('who prefers problem+json gets the hint as a member too', async (t) => {
    const { body } = await program.send('GET /v1/tags/%3f', ['Accept: application/problem+json'])
    t.match(JSON.parse(body), { code: 'INVALID_PATH', hint: /question mark/ })
  })

  await t.test('a permission is asked for as on any path', async (t) => {
    const weak = await program.admin.makeKey(program.merchant, { permissions: ['transaction.search'] })
    const line = 'GET /v1/files/a%23b'
    t.equal(codeOf(await program.raw(request(line, [host]))), 'MISSING_API_KEY')
    const response = await program.raw(request(line, [host, `X-Api-Key: ${weak.secret}`]))
    t.equal(codeOf(response), 'INSUFFICIENT_PERMISSIONS')
  })
})

t.test('in a table where no route takes them they are refused before all else', async (t) => {
  const program = await startKeyedProgram(t)
  for (const target of ['/v1/transactions/a%23', '/v1/transactions/%3f', '/v1/nothing/100%25'])
    t.equal(codeOf(await program.send(`GET ${target}`)), 'INVALID_PATH', target)
  t.equal(program.live.requests.length, 0)
})
