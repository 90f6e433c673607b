// Programs of others, in the hub: one is registered, changed, given another secret and ended, and what its tokens do is seen.

import { readFileSync } from 'node:fs'
import * as client from 'openid-client'
import t from 'tap'
import { makeAuthority } from '../support/certificates.ts'
import { discover } from '../oauth/flow.ts'
import { startOauthProgram } from '../oauth/server-program.ts'
import { seriousFaults } from './axe.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { invite } from './people.ts'
import { sendBearer } from './send.ts'

t.setTimeout(300_000)

t.test('applications', async (t) => {
  const program = await startOauthProgram(t)
  const merchantId = program.merchant
  const [member, viewer] = [
    await invite(program, program.url, { merchantId, email: 'mia@aurora.test', role: 'admin' }),
    await invite(program, program.url, { merchantId, email: 'vera@aurora.test', role: 'viewer' }),
  ]
  // Else the hub asks for the first operator to be made.
  await program.call('POST', '/operators', { email: 'olive@flintn.test' })
  const browser = await startChromium(t)
  const made = { id: '', secret: '' }
  const read = async (): Promise<Record<string, unknown>> =>
    (await program.call('GET', `/clients/${made.id}`)).body
  const markup = 'Books <b>& more'

  await t.test('one is registered, and its secret is shown once', async (t) => {
    const { page, faults } = await openPage(browser, program.url)
    await signIn(page, member)
    await page.goto('/developers/oauth')
    await page.getByText('No applications yet').waitFor()
    await page.getByRole('button', { name: 'Register application' }).click()
    await page.getByLabel('Name', { exact: true }).fill(markup)
    await page.getByRole('button', { name: 'Register application' }).click()
    await page.getByText('It needs one at least.').waitFor()
    t.same(await seriousFaults(page), [])
    await page.getByRole('checkbox', { name: 'For itself' }).check()
    await page.getByLabel('Redirect URIs, one a line').fill('http://elsewhere.example/back')
    await page.getByRole('checkbox', { name: 'Read transaction' }).check()
    await page.getByRole('button', { name: 'Register application' }).click()
    await page.getByText(/^http:\/\/elsewhere\.example\/back /).waitFor()
    await page.getByLabel('Redirect URIs, one a line').fill('https://books.example/back')
    await page.getByRole('button', { name: 'Register application' }).dblclick()
    made.secret = (await page.getByLabel('Secret', { exact: true }).textContent()) ?? ''
    t.match(made.secret, /^lk_oac_/)
    t.same(await seriousFaults(page), [])
    await page.getByRole('dialog').getByRole('button', { name: 'I have stored it' }).click()
    await page.getByRole('heading', { name: markup, level: 1 }).waitFor()
    made.id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
    t.equal((await page.content()).includes(made.secret), false, 'the secret is gone')
    await page.goBack()
    await page.getByRole('heading', { level: 1 }).waitFor()
    t.equal((await page.content()).includes(made.secret), false, 'and stays so behind the back button')
    const { body } = await program.call('GET', '/clients')
    t.match(body['data'], [
      {
        ...{ name: markup, merchant_id: merchantId, grants: ['client_credentials', 'code'] },
        ...{ redirect_uris: ['https://books.example/back'], permissions: ['transaction.read'] },
      },
    ])
    t.equal((body['data'] as unknown[]).length, 1, 'a double click makes one')
    t.same(faults, [])
  })

  await t.test('what its tokens do is seen on its page, by its own people alone', async (t) => {
    const config = await discover(program, made)
    const { access_token: token } = await client.clientCredentialsGrant(config)
    const host = 'api.flintn.com'
    t.equal(await sendBearer(program.gatewayPort, { host, path: '/v1/transactions/1', secret: token }), 200)
    t.equal(await sendBearer(program.gatewayPort, { host, path: '/v1/transactions', secret: token }), 403)
    const { page, faults } = await openPage(browser, program.url)
    await signIn(page, viewer)
    const isCounted = async (): Promise<boolean> => {
      await page.goto(`/developers/oauth/${made.id}`)
      await page.getByText(/^(?:No requests|\d+ requests?, )/).waitFor()
      return (await page.getByText('2 requests, 1 refused').count()) > 0
    }
    while (!(await isCounted())) await page.waitForTimeout(200)
    await page.getByRole('link', { name: 'GET /v1/transactions' }).waitFor()
    t.same(await seriousFaults(page), [])
    for (const name of ['Rotate secret', 'Disable', 'Edit', 'Edit permissions'])
      t.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
    const others = await invite(program, program.url, {
      ...{ merchantId: await program.admin.makeMerchant('Another'), email: 'otto@other.test', role: 'admin' },
    })
    const other = await openPage(browser, program.url)
    await signIn(other.page, others)
    await other.page.goto(`/developers/oauth/${made.id}`)
    await other.page.getByRole('heading', { name: 'There is no such application', level: 1 }).waitFor()
    t.same(
      await other.page.evaluate(async (id) => {
        const answer = await fetch(`/admin/v1/activity/series?key_id=${id}`)
        const { data }: { data?: unknown } = Object(await answer.json())
        return data
      }, made.id),
      [],
    )
    t.same([...faults, ...other.faults], [])
  })

  await t.test('it is changed: addresses, permissions, a second secret, its end', async (t) => {
    const { page, faults } = await openPage(browser, program.url)
    await signIn(page, member)
    await page.goto(`/developers/oauth/${made.id}`)
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await dialog
      .getByLabel('Redirect URIs, one a line')
      .fill('https://books.example/back\nhttps://b.example/2')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('https://b.example/2', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Edit permissions' }).click()
    await dialog.getByRole('checkbox', { name: 'Search' }).check()
    await dialog.getByText('GET /v1/transactions', { exact: false }).first().waitFor()
    await dialog.getByRole('button', { name: 'Save permissions' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.match(await read(), { permissions: ['transaction.read', 'transaction.search'] })

    await page.getByRole('button', { name: 'Rotate secret' }).click()
    await dialog.getByRole('button', { name: 'Rotate secret' }).click()
    const second = (await dialog.getByLabel('Secret', { exact: true }).textContent()) ?? ''
    t.match(second, /^lk_oac_/)
    t.not(second, made.secret)
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    await dialog.waitFor({ state: 'detached' })
    for (const secret of [made.secret, second]) {
      const token = await client.clientCredentialsGrant(await discover(program, { id: made.id, secret }))
      t.match(token.access_token, /./, 'both work')
    }
    await page.getByRole('button', { name: 'Disable' }).click()
    await dialog.getByLabel('Reason').fill('No longer used')
    await dialog.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('It gets no tokens until it is enabled.').waitFor()
    t.match(await read(), { status: 'disabled' })
    await page.getByRole('button', { name: 'Enable' }).click()
    await dialog.getByRole('button', { name: 'Enable' }).click()
    await page.getByText('It gets no tokens until it is enabled.').waitFor({ state: 'detached' })
    t.same(faults, [])
    const logged = JSON.stringify(program.log)
    for (const secret of [made.secret, second])
      t.equal(logged.includes(secret), false, 'no secret is in the log')
  })

  await t.test('one shows a certificate: the very one, or a name in those of an authority', async (t) => {
    const { certFile } = makeAuthority(t).make('books', { isSelfSigned: true })
    const { page, faults } = await openPage(browser, program.url)
    await signIn(page, member)
    const begin = async (name: string, method: string): Promise<void> => {
      await page.goto('/developers/oauth/new')
      await page.getByLabel('Name', { exact: true }).fill(name)
      await page.getByRole('checkbox', { name: 'By consent' }).uncheck()
      await page.getByRole('checkbox', { name: 'For itself' }).check()
      await page.getByRole('checkbox', { name: 'Read transaction' }).check()
      await page.getByRole('radio', { name: method }).check()
      await page.getByRole('checkbox', { name: 'Bind its tokens to its certificate' }).check()
    }
    const submit = () => page.getByRole('button', { name: 'Register application' }).click()
    const told = async (): Promise<Record<string, unknown>> => {
      await page.getByText('Tokens bound to its certificate').waitFor()
      const id = new URL(page.url()).pathname.split('/').at(-1) ?? ''
      return (await program.call('GET', `/clients/${id}`)).body
    }

    await begin('Own certificate', 'A certificate of its own')
    await submit()
    await page.getByText('Paste at least one certificate').waitFor()
    await page.getByLabel('Its certificates (PEM)').fill(pem('AAAA'))
    await submit()
    await page.getByText('has an x5c that is no certificate').first().waitFor()
    await page
      .getByLabel('Its certificates (PEM)')
      .fill(`subject=CN=books\n${readFileSync(certFile, 'utf8')}`)
    t.same(await seriousFaults(page), [])
    await submit()
    t.match(await told(), {
      ...{ auth_method: 'self_signed_tls_client_auth', bound: true, tls_subject: null },
      jwks: { keys: [{ kty: /^(?:EC|RSA)$/, x5c: [/^MI/] }] },
    })

    await begin('Of an authority', 'A certificate of an authority')
    await page.getByLabel('Which name').selectOption('URI')
    await page.getByLabel('Name in its certificate').fill('spiffe://example/books')
    t.same(await seriousFaults(page), [])
    await submit()
    t.match(await told(), {
      ...{ auth_method: 'tls_client_auth', bound: true, jwks: null },
      tls_subject: { san_uri: 'spiffe://example/books' },
    })
    await page.getByText('spiffe://example/books', { exact: true }).waitFor()
    t.same(faults, [])
  })
})

function pem(text: string): string {
  return `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`
}
