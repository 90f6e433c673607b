// What programs of a test answer, each time over a connection of its own: one that is kept may be ended by the other side just
// as it is used again.

import { get } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestProgram } from '../support/program.ts'
import { exchange, request } from '../support/wire.ts'

/** The status that a key gets on a route that it may use. */
export async function statusOf(program: TestProgram, secret: string): Promise<number | undefined> {
  const fields = ['Host: api.flintn.com', `X-Api-Key: ${secret}`]
  return (await exchange(program.gatewayPort, request('GET /v1/transactions/1', fields))).status
}

/** The text of a path of the control port. */
export async function controlText({ controlPort }: TestProgram, path: string): Promise<string> {
  const answer = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    get({ host: '127.0.0.1', port: controlPort, path, agent: false }, resolve).once('error', reject)
  })
  return text(answer)
}

/** What `/readyz` says. */
export async function readyOf(program: TestProgram): Promise<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(await controlText(program, '/readyz'))
  return { ...Object(parsed) }
}
