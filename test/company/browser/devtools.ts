// A browser for a test, told what to do by its DevTools protocol over a pipe: messages of JSON, each ended by a NUL. It ends
// with the pipe, so a test that is killed leaves none behind.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import type { Teardown } from '../programs/run.ts'
import { findChromium } from './chromium.ts'

export interface Browser {
  /** As it says, without its name. */
  readonly version: string
  /** Opens a page and waits until it is loaded. */
  open(url: string): Promise<Page>
}

export interface Page {
  /** Runs a function of the page's own world, given as text, and gives what its promise brings, which must be JSON. */
  run(source: string, ...values: readonly unknown[]): Promise<unknown>
}

// Without these it asks for hosts of its maker's.
const options = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage'],
]

type Send = (method: string, params?: object, sessionId?: string) => Promise<Record<string, unknown>>

/** Starts one with an empty profile, ended with the test. Throws with its output if it ends before. */
export async function startBrowser(t: Teardown): Promise<Browser> {
  const { file, env } = await findChromium()
  const profile = mkdtempSync(join(tmpdir(), 'latchkey-browser-'))
  const child = spawn(file, [...options, '--remote-debugging-pipe', `--user-data-dir=${profile}`], {
    env: { ...process.env, ...env, HOME: profile },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  })
  const exit = once(child, 'exit').catch((error: unknown) => [error])
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
    // Of the one that is written to nobody reads the other half, and its end.
    for (const pipe of child.stdio) pipe?.destroy()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2_000)))
  const [, , , toBrowser, fromBrowser] = child.stdio
  if (!(toBrowser instanceof Writable) || !(fromBrowser instanceof Readable)) throw new Error('no pipes')
  const ended = exit.then(([code]) => new Error(`${file} ended (${String(code)}): ${errors}`))
  const send = converse(toBrowser, fromBrowser, ended)
  const { product } = await send('Browser.getVersion')
  return { version: String(product).replace(/^.*\//, ''), open: (url) => openPage(send, url) }
}

function converse(toBrowser: Writable, fromBrowser: Readable, ended: Promise<Error>): Send {
  const waiting = new Map<number, (message: Record<string, unknown>) => void>()
  let lastId = 0
  let text = ''
  fromBrowser.setEncoding('utf8').on('data', (chunk: string) => {
    const [rest = '', ...whole] = (text + chunk).split('\0').toReversed()
    text = rest
    for (const message of whole.toReversed()) {
      const parsed: Record<string, unknown> = { ...Object(JSON.parse(message)) }
      waiting.get(Number(parsed['id']))?.(parsed)
    }
  })
  toBrowser.on('error', () => {})
  return async (method, params = {}, sessionId) => {
    const id = ++lastId
    const answered = new Promise<Record<string, unknown>>((resolve) => waiting.set(id, resolve))
    toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    const answer = await Promise.race([answered, ended])
    waiting.delete(id)
    if (answer instanceof Error) throw answer
    if (answer['error'] !== undefined) throw new Error(`${method}: ${JSON.stringify(answer['error'])}`)
    return { ...Object(answer['result']) }
  }
}

async function openPage(send: Send, url: string): Promise<Page> {
  const { targetId } = await send('Target.createTarget', { url })
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
  const evaluate = async (expression: string): Promise<unknown> => {
    const asked = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await send('Runtime.evaluate', asked, String(sessionId))
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails))
    return Object(result)['value']
  }
  // Until then it may be the empty page that was there before.
  for (let i = 0; (await evaluate('location.href + document.readyState')) !== `${url}complete`; i++) {
    if (i === 2_000) throw new Error(`${url} is not loaded`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return { run: (source, ...values) => evaluate(`(${source})(...${JSON.stringify(values)})`) }
}
