// Contract 5.2.
// Absolute-form targets (RFC 9112 §3.2.2): of the host that the request names they are what its origin-form is, in every
// step; of another they are nobody's.

import t from 'tap'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { valuesOf } from '../support/upstream.ts'
import { codeOf, request } from '../support/wire.ts'

t.test('targets in absolute form', async (t) => {
  const program = await startKeyedProgram(t)
  const { auth, key, raw, last, live } = program
  const authority = 'api.flintn.com'

  await t.test('what goes on is the origin-form, byte for byte', async (t) => {
    const sent: Readonly<Record<string, string>> = {
      'http://api.flintn.com/v1/transactions/a%41%C3%A9?b=%2f//..': '/v1/transactions/a%41%C3%A9?b=%2f//..',
      'HTTPS://API.FLINTN.COM/v1/transactions/A': '/v1/transactions/A',
    }
    for (const [target, expected] of Object.entries(sent)) {
      const response = await raw(request(`GET ${target}`, [host, auth]))
      t.equal(response.status, 200)
      t.equal(last()?.target, expected)
      t.same(valuesOf(last(), 'Host'), [authority])
      t.equal(valuesOf(last(), 'X-Merchant-Id').length, 1)
    }
  })

  await t.test('it is judged as the origin-form is', async (t) => {
    const before = live.requests.length
    const codes: Readonly<Record<string, string>> = {
      [`http://${authority}/v1/../status`]: 'INVALID_PATH',
      [`http://${authority}//v1/status`]: 'INVALID_PATH',
      [`http://${authority}/v1/status#a`]: 'INVALID_PATH',
      [`http://${authority}`]: 'ROUTE_NOT_FOUND',
      [`http://${authority}?a`]: 'ROUTE_NOT_FOUND',
      [`http://${authority}/v1/transactions/1?key=${key.secret}`]: 'INVALID_API_KEY',
      [`http://${authority}/v1/exports/SUMMARY`]: 'INVALID_PATH',
    }
    for (const [target, code] of Object.entries(codes)) {
      const response = await raw(request(`GET ${target}`, [host, auth]))
      t.equal(codeOf(response), code, target)
      t.notMatch(response.bytes, key.secret)
    }
    t.equal(codeOf(await raw(request(`OPTIONS http://${authority}`, [host]))), 'INVALID_PATH')
    t.equal(live.requests.length, before)
  })

  await t.test('a target of another host, a port or a user that Host does not have is refused', async (t) => {
    const before = live.requests.length
    for (const other of [
      'other.example',
      `${authority}:80`,
      `${authority}.`,
      `${authority}@x`,
      `x@${authority}`,
      '',
    ]) {
      const response = await raw(request(`GET http://${other}/v1/status`, [host, auth]))
      t.equal(response.status, 400, other)
      t.equal(codeOf(response), 'INVALID_PATH', other)
    }
    const repeated = await raw(request(`GET http://${authority}/v1/status`, ['Host: other.example', host]))
    t.equal(codeOf(repeated), 'BAD_REQUEST')
    const none = await raw('GET http:///v1/status HTTP/1.0\r\n\r\n')
    t.equal(none.status, 400)
    t.equal(live.requests.length, before)
  })
})
