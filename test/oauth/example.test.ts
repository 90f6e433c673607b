// examples/oauth: the program that README has a newcomer run, against the whole program, with a browser that says yes.

import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import t from 'tap'
import { codeClient } from './flow.ts'
import { freePort, type OauthProgram, startOauthProgram } from './server-program.ts'

t.setTimeout(60_000)

const example = join(import.meta.dirname, '../../../examples/oauth/client.js')

interface Run {
  readonly program: OauthProgram
  readonly file: string
  readonly flags: readonly string[]
}

/** What it prints; whoever has to say yes is led to the address that it prints. */
async function run({ program, file, flags }: Run): Promise<readonly string[]> {
  const child = spawn(process.execPath, [example, file, ...flags], {
    env: {
      ...{ PATH: process.env['PATH'], ISSUER: program.issuer },
      API_URL: `http://api.flintn.com:${program.gatewayPort}/v1/transactions/1`,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  for await (const line of createInterface(child.stdout)) {
    lines.push(line)
    const url = /^open (.*)/.exec(line)?.[1]
    if (url === undefined) continue
    const browser = await program.browser()
    const back = await browser.decide(await browser.begin(url), {
      ...{ decision: 'grant', merchant_id: program.merchant },
    })
    await fetch(back)
  }
  return lines
}

void t.test('the example of a client', async (t) => {
  const program = await startOauthProgram(t)
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-example-'))
  t.teardown(() => rm(folder, { recursive: true }))

  async function clientFile(about: object): Promise<string> {
    const { body } = await program.call('POST', '/clients', {
      ...{ name: 'Books', merchant_id: program.merchant, permissions: codeClient.permissions },
      ...about,
    })
    const file = join(folder, `${String(body['client_id'])}.json`)
    await writeFile(file, JSON.stringify(body))
    return file
  }

  for (const [flags, type] of [
    [[], 'bearer'],
    [['--dpop'], 'dpop'],
  ] as const) {
    await t.test(`somebody is asked, and the token is of the kind ${type}`, async (t) => {
      const file = await clientFile({
        grants: ['code'],
        redirect_uris: [`http://127.0.0.1:${await freePort()}/back`],
      })
      const [open, token, ...asked] = await run({ program, file, flags })
      t.match(open, /^open http.*request_uri=/)
      t.match(token, new RegExp(`^token: ${type}, for 900 s, may transaction.read`))
      t.match(asked, [/ with it: 200 /, / after a refresh: 200 /, / is revoked: 401 .*INVALID_API_KEY/])
    })
    await t.test(`nobody is asked, and the token is of the kind ${type}`, async (t) => {
      const file = await clientFile({ grants: ['client_credentials'] })
      t.match(await run({ program, file, flags }), [new RegExp(`^token: ${type}, `), / with it: 200 /])
    })
  }
})
