// README's way from nothing to the first request with a token, as it stands there, by somebody who has signed in at the demo.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cookieName } from '../../../src/control/people/session-secret.ts'
import { Secret } from '../../../src/credentials/secret.ts'
import { freePort } from '../../../src/store/embedded/postmaster.ts'
import { type Browser, createBrowser } from '../../oauth/browser.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

export interface DemoAddress {
  readonly hub: string
  readonly gatewayPort: number
  readonly adminToken: string
  readonly person: { readonly email: string; readonly password: string }
}

/** What each of its lines prints, which somebody allows who is led to the address that it names. */
export async function tryReadme(demo: DemoAddress): Promise<readonly (readonly string[])[]> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-readme-'))
  try {
    const browser = await signedIn(demo)
    const printed: (readonly string[])[] = []
    for (const line of await linesOfReadme()) printed.push(await runLine(line, { demo, folder, browser }))
    return printed
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Of the block that makes a client, with the programs of this checkout and a port that is free. */
async function linesOfReadme(): Promise<string[]> {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [, block = ''] = /```sh\n(npx latchkey clients create [^`]*)```/.exec(readme) ?? []
  const port = await freePort()
  return block
    .replaceAll('\\\n', ' ')
    .replaceAll('npx latchkey', `${process.execPath} ${join(root, 'build/src/main.js')}`)
    .replaceAll('node examples', `${process.execPath} ${join(root, 'examples')}`)
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${port}`)
    .trim()
    .split('\n')
}

interface Run {
  readonly demo: DemoAddress
  readonly folder: string
  readonly browser: Browser
}

async function runLine(line: string, { demo, folder, browser }: Run): Promise<string[]> {
  const child = spawn('sh', ['-ec', line], {
    cwd: folder,
    env: {
      ...{ PATH: process.env['PATH'], LATCHKEY_ADMIN_TOKEN: demo.adminToken, LATCHKEY_ADMIN_URL: demo.hub },
      ISSUER: `${demo.hub}/oauth`,
      API_URL: `http://api.flint.com:${demo.gatewayPort}/documents`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => lines.push(text))
  const lines: string[] = []
  for await (const printed of createInterface(child.stdout)) {
    lines.push(printed)
    const url = /^open (\S+)/.exec(printed)?.[1]
    if (url !== undefined) await allow(demo, browser, url)
  }
  return lines
}

async function allow({ hub }: DemoAddress, browser: Browser, url: string): Promise<void> {
  const id = await browser.begin(url)
  const asked: unknown = await (await browser.fetch(`${hub}/hub/v1/oauth/interactions/${id}`)).json()
  const { merchants }: { merchants?: readonly { readonly id: string }[] } = Object(asked)
  await fetch(await browser.decide(id, { decision: 'grant', merchant_id: merchants?.[0]?.id }))
}

async function signedIn({ hub, person }: DemoAddress): Promise<Browser> {
  const answer = await fetch(`${hub}/hub/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(person),
  })
  const name = `${cookieName(false)}=`
  const cookie = answer.headers.getSetCookie().find((set) => set.startsWith(name))
  const [text = ''] = cookie?.slice(name.length).split(';') ?? []
  return createBrowser(hub, new Secret(text))
}
