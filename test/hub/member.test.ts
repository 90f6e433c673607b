// What members do in the hub, in a real browser: make a key, use it, and end it; and what a viewer cannot.

import t from 'tap'
import type { Page } from 'playwright-core'
import { send } from './send.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { startHub } from './people.ts'

t.setTimeout(300_000)

const markup = '<img src=x onerror=alert(1)> & "quotes" ${braces}'

async function fillNewKey(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByRole('radio', { name: 'Sandbox' }).check()
  await page.getByRole('checkbox', { name: 'Read transaction' }).check()
}

t.test('in the hub', async (t) => {
  const hub = await startHub(t)
  const browser = await startChromium(t)
  const secrets: string[] = []

  await t.test('a member makes a sandbox key, sees its secret once, uses it, and finds it', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.getByText('No Live keys yet').waitFor()
    await page.getByRole('link', { name: 'Create API Key' }).first().click()
    await fillNewKey(page, markup)
    // Twice, as a hasty hand does.
    await page.getByRole('button', { name: 'Create API Key' }).dblclick()
    const secret = (await page.getByLabel('Secret', { exact: true }).textContent()) ?? ''
    secrets.push(secret)
    t.match(secret, /^pk_test_[0-9A-Za-z]{38}$/)
    t.equal(await page.getByRole('button', { name: 'Done' }).isDisabled(), true, 'first it is to be stored')
    await page.getByText('In force everywhere').waitFor()

    const answer = await send(hub.gatewayPort, {
      host: 'sandbox.api.flintn.com',
      path: '/v1/transactions/1',
      secret,
    })
    t.equal(answer, 200, 'it works at once')

    await page.getByLabel('I have stored it').check()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('heading', { name: markup, level: 1 }).waitFor()
    t.equal((await page.content()).includes(secret), false, 'the secret is gone')
    await page.goBack()
    t.equal((await page.content()).includes(secret), false, 'and stays so behind the back button')

    await page.goto('/developers?env=sandbox')
    const rows = page.getByRole('row').filter({ hasText: markup })
    await rows.first().waitFor()
    t.equal(await rows.count(), 1, 'a double click makes one key')
    const { body } = await hub.admin.call('GET', `/keys?merchant_id=${hub.merchantId}`)
    t.match(body['data'], [{ name: markup, environment: 'sandbox', permissions: ['transaction.read'] }])
    t.equal((body['data'] as unknown[]).length, 1)
    t.same(faults, [])
  })

  await t.test('leaving without having stored the secret is asked about', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto('/developers/new')
    await fillNewKey(page, 'Asked about')
    await page.getByRole('button', { name: 'Create API Key' }).click()
    const secret = (await page.getByLabel('Secret', { exact: true }).textContent()) ?? ''
    const asked: string[] = []
    page.once('dialog', (dialog) => {
      asked.push(dialog.message())
      void dialog.dismiss()
    })
    await page.getByRole('link', { name: 'Team' }).click()
    t.match(asked, [/cannot be shown again/])
    t.equal(await page.getByLabel('Secret', { exact: true }).textContent(), secret, 'it is still there')
    t.same(faults, [])
  })

  await t.test(
    'disable, reactivate, rotate, edit, revoke: each in force when the page says so',
    async (t) => {
      const { id, secret } = await hub.admin.makeKey(hub.merchantId, { name: 'Till' })
      const { page, faults } = await openPage(browser, hub.url)
      const ask = (one: string) =>
        send(hub.gatewayPort, { host: 'api.flintn.com', path: '/v1/transactions/1', secret: one })
      await signIn(page, hub.member)
      await page.goto(`/developers/keys/${id}`)
      await page.getByRole('button', { name: 'Disable' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Reason').fill('Looks odd')
      await dialog.getByRole('button', { name: 'Disable' }).click()
      await page.getByText('In force everywhere').waitFor()
      t.equal(await ask(secret), 401, 'disabled')

      await page.getByRole('button', { name: 'Reactivate' }).click()
      await dialog.getByRole('button', { name: 'Reactivate' }).click()
      await dialog.waitFor({ state: 'detached' })
      t.equal(await ask(secret), 200, 'reactivated')

      await page.getByRole('button', { name: 'Rotate' }).click()
      await dialog.getByRole('button', { name: 'Rotate' }).click()
      const second = (await page.getByLabel('Secret', { exact: true }).textContent()) ?? ''
      secrets.push(second)
      t.same([await ask(secret), await ask(second)], [200, 200], 'both secrets work')
      await page.getByLabel('I have stored it').check()
      await page.getByRole('button', { name: 'Done' }).click()
      await page.getByRole('heading', { name: 'Rotation under way' }).waitFor()
      await page.getByRole('button', { name: 'End the old secret now' }).click()
      await dialog.getByRole('button', { name: 'End the old secret now' }).click()
      await dialog.waitFor({ state: 'detached' })
      t.same([await ask(secret), await ask(second)], [401, 200], 'the old one has ended')

      await page.getByRole('button', { name: 'Edit', exact: true }).click()
      await dialog.getByRole('checkbox', { name: 'Read transaction' }).uncheck()
      await dialog.getByText('GET /v1/transactions/{id}').waitFor()
      await dialog.getByRole('button', { name: 'Save permissions' }).click()
      await dialog.waitFor({ state: 'detached' })
      t.equal(await ask(second), 403, 'what was taken away is closed')

      await page.getByRole('button', { name: 'Revoke' }).click()
      const revoke = dialog.getByRole('button', { name: 'Revoke for good' })
      t.equal(await revoke.isDisabled(), true, 'the name is to be typed')
      await dialog.getByLabel('Type “Till”').fill('Till')
      await revoke.click()
      await page.getByText('refused for good').first().waitFor()
      t.equal(await ask(second), 401, 'revoked')
      await page.getByText('Looks odd').waitFor()
      t.same(faults, [])
    },
  )

  await t.test('two who edit one key do not undo each other', async (t) => {
    const { id } = await hub.admin.makeKey(hub.merchantId, { name: 'Shared' })
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${id}`)
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('checkbox', { name: 'Refund' }).check()
    await hub.admin.call('PATCH', `/keys/${id}?wait=all`, { name: 'Shared by two' })
    await dialog.getByRole('button', { name: 'Save permissions' }).click()
    await dialog.getByText('Somebody changed this key').waitFor()
    const take = dialog.getByRole('button', { name: 'Take what is there now' })
    await take.click()
    // Once it has come, what is ticked stays.
    await take.waitFor({ state: 'detached' })
    await dialog.getByRole('checkbox', { name: 'Refund' }).check()
    await dialog.getByRole('button', { name: 'Save permissions' }).click()
    await dialog.waitFor({ state: 'detached' })
    const { body } = await hub.admin.call('GET', `/keys/${id}`)
    t.match(body, { name: 'Shared by two' })
    t.ok((body['permissions'] as string[]).includes('transaction.refund'))
    t.same(faults, [])
  })

  await t.test(
    'a viewer sees keys, and is offered no change; the server would refuse it as well',
    async (t) => {
      const { id } = await hub.admin.makeKey(hub.merchantId, { name: 'Only to see' })
      const { page, faults } = await openPage(browser, hub.url)
      await signIn(page, hub.viewer)
      await page.getByRole('link', { name: 'Only to see' }).click()
      await page.getByRole('heading', { name: 'Only to see', level: 1 }).waitFor()
      for (const name of ['Disable', 'Revoke', 'Rotate', 'Edit'])
        t.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name)
      await page.goto('/developers/new')
      await page.getByText('Only admins make keys').waitFor()
      await page.goto('/operator/merchants')
      await page.getByText('There is no such page').waitFor()
      const status = await page.evaluate(async (key) => {
        const { csrf } = (await (await fetch('/hub/v1/session')).json()) as { csrf: string }
        const headers = { 'x-csrf-token': csrf }
        return (await fetch(`/admin/v1/keys/${key}/revoke`, { method: 'POST', headers })).status
      }, id)
      t.equal(status, 403)
      t.same(faults, [])
    },
  )

  await t.test('a key of another merchant is not there', async (t) => {
    const other = await hub.admin.makeKey(await hub.admin.makeMerchant('Another'), { name: 'Foreign' })
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${other.id}`)
    await page.getByRole('heading', { name: 'There is no such key', level: 1 }).waitFor()
    t.equal((await page.content()).includes('Foreign'), false)
    t.same(faults, [])
  })

  await t.test('a session that ends in the middle of a dialog leads to sign-in, and back', async (t) => {
    const { id } = await hub.admin.makeKey(hub.merchantId, { name: 'Interrupted' })
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${id}`)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.context().clearCookies()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await page.getByText('You were signed out').waitFor()
    await page.getByLabel('E-mail address').fill(hub.member.email)
    await page.getByLabel('Password', { exact: true }).fill(hub.member.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'Interrupted', level: 1 }).waitFor()
    const { body } = await hub.admin.call('GET', `/keys/${id}`)
    t.equal(body['status'], 'active', 'nothing was done meanwhile')
    t.same(faults, [])
  })

  await t.test('signing out leads to sign-in, and nothing of the session stays', async (t) => {
    await hub.admin.makeKey(hub.merchantId, { name: 'Left behind' })
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    const left = page.getByRole('link', { name: 'Left behind' })
    await left.waitFor()
    await page.getByRole('button', { name: `Account: ${hub.member.email}` }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
    t.equal((await page.content()).includes('Left behind'), false, 'the page is left')
    await page.getByLabel('E-mail address').fill(hub.viewer.email)
    await page.getByLabel('Password', { exact: true }).fill(hub.viewer.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('button', { name: `Account: ${hub.viewer.email}` }).waitFor()
    await left.waitFor()
    t.same(faults, [])
  })

  await t.test('a wrong password is told in one sentence', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await page.goto('/developers/keys/key_1')
    await page.getByLabel('E-mail address').fill(hub.member.email)
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('E-mail address, password or code is wrong.').waitFor()
    await page.getByRole('button', { name: 'I have a code' }).click()
    const code = page.getByLabel('Code from your authenticator app')
    await code.pressSequentially('ABCD-EFGH-JKLM-NPQR')
    t.equal(await code.inputValue(), 'ABCD-EFGH-JKLM-NPQR', 'there is room for a recovery code')
    await page.goto('/sign-in?error=oidc')
    await page.getByText('The other service did not sign you in').waitFor()
    t.same(faults, [])
  })

  t.ok(secrets.length > 1)
  const logged = JSON.stringify(hub.log)
  for (const secret of secrets) t.equal(logged.includes(secret), false, 'no secret is in the log')
})
