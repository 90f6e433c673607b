// What every refusal of the gateway looks like (contract 5), whatever raised it.

import { catalogue } from '../../src/errors/catalogue.ts'
import { fieldOf, type RawResponse } from './wire.ts'

const statuses: ReadonlyMap<string, number> = new Map(
  Object.entries(catalogue).map(([code, entry]) => [code, entry.status]),
)

/** What is wrong with a refusal, a line each; `secrets` are texts that may stand nowhere in it. */
export function faultsOfRefusal(response: RawResponse, secrets: readonly string[] = []): string[] {
  const faults: string[] = []
  const expect = (isAsExpected: boolean, fault: string) => {
    if (!isAsExpected) faults.push(fault)
  }
  const requestId = fieldOf(response, 'X-Request-Id')
  expect(/^req_[0-9A-HJKMNP-TV-Z]{26}$/.test(requestId ?? ''), `X-Request-Id is ${requestId}`)
  expect(fieldOf(response, 'X-Error-Source') === 'gateway', 'X-Error-Source is not gateway')
  expect(fieldOf(response, 'Cache-Control') === 'no-store', 'Cache-Control is not no-store')
  const error = errorOf(response.body)
  const code = String(error['code'])
  expect(statuses.get(code) === response.status, `code ${code} with status ${response.status}`)
  expect(typeof error['message'] === 'string', 'no message')
  expect(error['request_id'] === requestId, 'request_id is not that of the header')
  for (const secret of secrets) expect(!response.bytes.includes(secret), `repeats ${secret}`)
  return faults
}

/** Members of the error object of a body; empty when it is none. */
function errorOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body)
    return { ...Object(Object(parsed).error) }
  } catch {
    return {}
  }
}
