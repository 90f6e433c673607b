// Contract 5, on the wire: the hint and the page of an error, and the one same answer to all that only a store knows.

import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { sampleKey } from '../../src/credentials/secret.ts'
import { host, startKeyedProgram } from '../support/keyed-program.ts'
import { exchange, type RawResponse, request } from '../support/wire.ts'

interface Told {
  readonly code: string
  readonly hint?: string
  readonly doc_url?: string
  readonly type?: string
  readonly detail?: string
}

function toldIn({ body }: RawResponse): Told {
  const parsed = JSON.parse(body) as { error?: Told } & Told
  return parsed.error ?? parsed
}

/** All that is sent, but for what is another's with each request. */
function bytesOf({ bytes }: RawResponse): string {
  return bytes.replaceAll(/req_[0-9A-Z]{26}/g, 'req').replace(/\r\nDate: [^\r]*/, '')
}

t.test('what only the store knows is one same answer, byte for byte', async (t) => {
  const { key, merchant, admin, raw } = await startKeyedProgram(t, {
    api: '    docs: "https://docs.flintn.com/errors#{code}"',
  })
  const send = (secret: string, accept = '*/*') =>
    raw(request('GET /v1/transactions/1', [host, `X-Api-Key: ${secret}`, `Accept: ${accept}`]))
  const make = async (of = {}) => admin.makeKey(merchant, { permissions: ['*'], ...of })
  const secrets: Record<string, string> = { unknown: sampleKey('pk_live_') }
  for (const action of ['disable', 'revoke']) {
    const made = await make()
    await admin.call('POST', `/keys/${made.id}/${action}?wait=all`)
    secrets[action] = made.secret
  }
  const rotated = await make()
  await admin.call('POST', `/keys/${rotated.id}/rotate?wait=all`, { grace_seconds: 0 })
  secrets['rotated'] = rotated.secret
  const suspended = await admin.makeMerchant()
  secrets['suspended'] = (await admin.makeKey(suspended, { permissions: ['*'] })).secret
  await admin.call('POST', `/merchants/${suspended}/suspend?wait=all`)
  const denied = await make()
  await admin.call('POST', '/deny?wait=all', { kind: 'key', value: denied.id })
  secrets['denied'] = denied.secret
  const endsAt = Date.now() + 2_000
  const ending = await make({ expires_at: new Date(endsAt).toISOString() })
  secrets['expired'] = ending.secret
  t.equal((await send(key.secret)).status, 200)
  while (Date.now() <= endsAt || (await send(ending.secret)).status === 200) await sleep(50)
  for (const accept of ['*/*', 'application/problem+json']) {
    const answers = new Map<string, string[]>()
    for (const [why, secret] of Object.entries(secrets)) {
      const answer = await send(secret, accept)
      t.match(toldIn(answer), { code: 'INVALID_API_KEY', hint: undefined }, why)
      const bytes = bytesOf(answer)
      answers.set(bytes, [...(answers.get(bytes) ?? []), why])
    }
    t.same([...answers.values()], [Object.keys(secrets)])
  }
})

t.test('an error names the page that is about it, where the API has one', async (t) => {
  const { gatewayPort, auth } = await startKeyedProgram(t, {
    api: '    docs: "https://docs.flintn.com/errors#{code}"',
  })
  const send = (line: string, fields: readonly string[] = [host, auth]) =>
    exchange(gatewayPort, request(line, fields))
  const page = (code: string) => `https://docs.flintn.com/errors#${code}`
  t.match(toldIn(await send('GET /v1/nothing')), { doc_url: page('ROUTE_NOT_FOUND') })
  // Refused before its host was looked at.
  t.match(toldIn(await send('GET /v1//a')), { code: 'INVALID_PATH', doc_url: page('INVALID_PATH') })
  t.match(toldIn(await send('GET /v1/transactions/1', [host])), {
    doc_url: page('MISSING_API_KEY'),
    hint: 'send the key in the header X-Api-Key',
  })
  // Of no API, and of one that has none.
  for (const other of ['Host: other.example', 'Host: api.flint.com'])
    t.equal(toldIn(await send('GET /v1/nothing', [other])).doc_url, undefined)
  const problem = await send('GET /v1/nothing', [host, 'Accept: application/problem+json'])
  t.match(toldIn(problem), {
    ...{ type: page('ROUTE_NOT_FOUND'), doc_url: page('ROUTE_NOT_FOUND') },
    ...{ detail: 'there is no GET /v1/nothing', hint: 'there is no GET /v1/nothing' },
  })
  const plain = await send('GET /v1/nothing', ['Host: api.flint.com', 'Accept: application/problem+json'])
  t.match(toldIn(plain), { type: 'about:blank', detail: 'there is no GET /v1/nothing' })
})

t.test('no answer repeats a key, wherever it stands', async (t) => {
  const { key, raw, auth } = await startKeyedProgram(t)
  const inner = key.secret.slice(8)
  const escaped = key.secret.replace('pk_live_', '%70k%5flive%5f')
  const requests = [
    ...[`/v1/${key.secret}`, `/v1/${escaped}`, `/v1/x?key=${key.secret}`, `/v1//${key.secret}`].map(
      (target) => request(`GET ${target}`, [host, auth]),
    ),
    request('GET /v1/status', [`Host: ${key.secret}.example`]),
    ...['Authorization: Bearer ', 'X-Api-Key: "', 'X-Api-Key: Bearer ', 'X-Api-Key: x', 'Cookie: '].map(
      (field) => request('GET /v1/transactions/1', [host, `${field}${key.secret}`]),
    ),
  ]
  for (const accept of ['', 'Accept: application/problem+json\r\n']) {
    for (const one of requests) {
      const answer = await raw(one.replace('\r\n\r\n', `\r\n${accept}\r\n`))
      t.ok(answer.status >= 400)
      t.notMatch(answer.bytes.toLowerCase(), inner.toLowerCase())
    }
  }
})
