// Contract 10: somebody lets a program of somebody else act for a merchant, in a real browser.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AxeBuilder } from '@axe-core/playwright'
import * as client from 'openid-client'
import t from 'tap'
import { begin, codeClient, discover } from '../oauth/flow.ts'
import { startOauthProgram } from '../oauth/server-program.ts'
import { openPage, startChromium } from './browser.ts'
import { invite } from './people.ts'

t.setTimeout(300_000)

/** A program of somebody else, on this machine. */
async function startBooks(t: { teardown(fn: () => unknown): unknown }): Promise<{ readonly uri: string }> {
  const server = createServer((_request, response) => response.end('back'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const address: AddressInfo | string | null = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return { uri: `http://127.0.0.1:${address.port}/back` }
}

t.test('who is asked signs in, sees what is asked, and grants or declines', async (t) => {
  const program = await startOauthProgram(t)
  const member = await invite(program, program.url, {
    ...{ merchantId: program.merchant, email: 'mia@aurora.test', role: 'admin' },
  })
  const books = await startBooks(t)
  // Else the hub asks for the first operator to be made.
  await program.call('POST', '/operators', { email: 'olive@flintn.test' })
  const made = await program.makeClient({ ...codeClient, name: 'Books <b>&', redirect_uris: [books.uri] })
  const config = await discover(program, made)
  const { page, faults } = await openPage(await startChromium(t), program.url)
  const first = await begin(config, { redirect_uri: books.uri })
  await page.goto(first.url.href)
  await page.getByLabel('E-mail address').fill(member.email)
  await page.getByLabel('Password', { exact: true }).fill(member.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Books <b>& asks for access', level: 1 }).waitFor()
  await page.getByText('Read transaction data').waitFor()
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  t.same(
    violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id),
    [],
  )
  await page.getByRole('button', { name: 'Allow access' }).click()
  await page.waitForURL(`${books.uri}?**`)
  const tokens = await client.authorizationCodeGrant(config, new URL(page.url()), {
    pkceCodeVerifier: first.verifier,
    expectedState: first.state,
  })
  t.match(tokens.access_token, /^pk_live_/)

  const second = await begin(config, { redirect_uri: books.uri })
  await page.goto(second.url.href)
  await page.getByText('you have allowed this before').waitFor({ state: 'attached' })
  await page.getByRole('button', { name: 'Decline' }).click()
  await page.waitForURL(`${books.uri}?**`)
  t.equal(new URL(page.url()).searchParams.get('error'), 'access_denied')
  await page.goto(`${program.url}/developers/oauth`)
  await page.getByRole('button', { name: 'End the access of Books <b>&' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End access' }).click()
  await page.getByText('No application has access').waitFor()
  t.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
  await page.goto(`${program.url}/authorize/0123456789abcdefghijk`)
  await page.getByText('This request is over').waitFor()

  const device = { grants: ['device_code'], permissions: codeClient.permissions, name: 'Till' }
  const till = await discover(program, await program.makeClient(device))
  const shown = await client.initiateDeviceAuthorization(till, {})
  await page.goto(shown.verification_uri)
  await page.getByLabel('Code').fill(shown.user_code)
  await page.keyboard.press('Enter')
  await page.getByText('Read transaction data').waitFor()
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByText('The program has the access').waitFor()
  t.match(await client.pollDeviceAuthorizationGrant(till, shown), { access_token: /^pk_live_/ })
  t.same(
    faults.filter((fault) => !fault.startsWith(`asks for ${books.uri}`)),
    [],
  )
})
