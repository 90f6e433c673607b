// What the table of clients says of each, and how one is given an order.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { have, type Program, type Source } from '../programs/have.ts'

/** What a client shall do, by its own usual means: one session, its own pool. */
export interface Order {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** File with the body; absent: no body. */
  readonly bodyFile?: string
  /** Sent without a length, where the client can. */
  readonly isStreamed: boolean
  readonly times: number
  readonly pauseMs: number
}

/** What a client has got. */
export interface Result {
  readonly status: number
  /** Of the body, its beginning. */
  readonly text: string
  /** What it said instead of an answer. */
  readonly error?: string
}

export interface ClientProgram {
  readonly name: string
  readonly source: Source
  readonly version?: readonly string[]
  readonly isQuick?: true
  /** Cannot send a body without a length. */
  readonly isUnstreamed?: true
  argsFor(order: Order, program: Program): readonly string[]
  /** Its output in results; else it prints them as JSON. */
  read?(output: string): readonly Result[]
}

const patienceMs = 60_000

/** Runs it once. A client that says nothing usable has as many errors as it had orders. */
export async function runClient(client: ClientProgram, order: Order): Promise<readonly Result[]> {
  const program = await have(client.source)
  const child = spawn(program.file, [...client.argsFor(order, program)], {
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  await once(child, 'close')
  const failed = { status: 0, text: '', error: errors.trim().split('\n').at(-1) ?? 'said nothing' }
  try {
    const results = client.read?.(output) ?? parseResults(output)
    return Array.from({ length: order.times }, (_, i) => results[i] ?? failed)
  } catch {
    return Array.from({ length: order.times }, () => failed)
  }
}

function parseResults(output: string): readonly Result[] {
  const parsed: unknown = JSON.parse(output)
  if (!Array.isArray(parsed)) throw new Error('no list')
  return parsed.map((one: unknown) => {
    const { status = 0, text = '', error } = Object(one)
    return { status: Number(status), text: String(text), ...(error && { error: String(error) }) }
  })
}

/** A file of that many bytes, removed with the test. */
export function bodyFile(t: { teardown(fn: () => Promise<void>): unknown }, bytes: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-body-'))
  t.teardown(async () => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'body')
  writeFileSync(file, Buffer.alloc(bytes, 'x'))
  return file
}
