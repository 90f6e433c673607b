// What operators do in the hub, in a real browser, and how somebody comes to be a member by a link.

import t from 'tap'
import { addActivity } from '../../src/store/activity/activity-table.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { merchantName, startHub } from './people.ts'
import { send } from './send.ts'

t.setTimeout(300_000)

t.test('as an operator', async (t) => {
  const hub = await startHub(t)
  const browser = await startChromium(t)
  const { id, secret } = await hub.admin.makeKey(hub.merchantId, { name: 'Till' })
  const ask = () => send(hub.gatewayPort, { host: 'api.flintn.com', path: '/v1/transactions/1', secret })

  await t.test('a merchant is added, suspended and resumed', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.getByRole('link', { name: 'Merchants' }).click()
    await page.getByRole('button', { name: 'Add merchant' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Kinoko Books')
    await dialog.getByRole('button', { name: 'Add merchant' }).click()
    await page.getByRole('link', { name: 'Kinoko Books' }).waitFor()

    await page.getByRole('button', { name: `Actions for ${merchantName}` }).click()
    await page.getByRole('menuitem', { name: 'Suspend' }).click()
    await dialog.getByLabel('Reason').fill('Unpaid')
    await dialog.getByRole('button', { name: 'Suspend' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.equal(await ask(), 401, 'its keys are refused')
    await page.getByRole('button', { name: `Actions for ${merchantName}` }).click()
    await page.getByRole('menuitem', { name: 'Resume' }).click()
    await dialog.getByRole('button', { name: 'Resume' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.equal(await ask(), 200, 'and taken again')
    t.same(faults, [])
  })

  await t.test('the emergency stop refuses at once, and is lifted', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.goto('/operator/deny')
    await page.getByText('Nothing is stopped').waitFor()
    await page.getByLabel('Value').fill('not a key')
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('[aria-invalid]').waitFor()
    await page.getByLabel('Value').fill(id)
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.getByText('In force everywhere').waitFor()
    t.equal(await ask(), 401, 'refused as an unknown key is')
    await page.getByRole('button', { name: 'Lift' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click()
    await page.getByText('Nothing is stopped').waitFor()
    t.equal(await ask(), 200)
    t.same(faults, [])
  })

  await t.test('of routes it is said how often they were called, as far as that is known', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    const calls = (route: string) => page.getByRole('row').filter({ hasText: route }).getByRole('cell').nth(2)
    await page.goto('/operator/routes')
    await page.getByText('not called').first().waitFor()
    t.equal(await calls('/v1/small').textContent(), 'not called')
    t.equal(await calls('/v1/status').textContent(), '—', 'whoever has no key is not counted')
    const db = createPostgres({ url: hub.databaseUrl, applicationName: 'latchkey-test' })
    const minuteMs = Math.floor(Date.now() / 60_000) * 60_000 - 60_000
    const of = {
      keyId: id,
      secretId: 'sec_1',
      api: 'flintn',
      environment: 'live',
      minuteMs,
      lastUsedAtMs: null,
    }
    const routes = ['GET /v1/both', ...Array.from({ length: 220 }, (_, index) => `GET /v1/gone/${index}`)]
    const counts = routes.map((route) => ({ ...of, route, outcome: 'allow', count: 1_234 }))
    await addActivity(db, {
      id: 'seed',
      counts: counts.map((one, i) => (i === 0 ? { ...one, count: 5_678 } : one)),
    })
    await db.close()
    await page.reload()
    await page.getByText('5,678').waitFor()
    t.equal(await calls('/v1/small').textContent(), '—', 'there are more than are told')
    t.same(faults, [])
  })

  await t.test('the audit says who did what, and is verified to its end', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.goto('/operator/audit')
    await page.getByRole('row').filter({ hasText: 'merchant.suspend' }).getByText('Unpaid').waitFor()
    await page.getByLabel('What', { exact: true }).fill('merchant.resume')
    await page.keyboard.press('Enter')
    await page.getByText('merchant.suspend').first().waitFor({ state: 'detached' })
    t.match(page.url(), /action=merchant\.resume/)
    await page.getByRole('button', { name: 'Show what changed' }).first().click()
    await page.getByText('"suspended"').waitFor()
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByRole('dialog').getByText('as they were written').waitFor()
    t.same(faults, [])
  })

  await t.test('health says in words what there is to know, with what to do about it', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.goto('/operator/health')
    await page.getByText('All is well').waitFor()
    await hub.admin.call('POST', '/deny', { kind: 'client', value: '203.0.113.0/24', reason: 'Guessing' })
    const note = page.getByRole('listitem').filter({ hasText: 'on the deny list' })
    await note.getByText('Note', { exact: true }).waitFor()
    await hub.admin.call('DELETE', '/deny', { kind: 'client', value: '203.0.113.0/24' })
    await note.waitFor({ state: 'detached' })
    t.same(faults, [])
  })

  await t.test('of each instance it is said what it runs, has applied, and sees of its stores', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.goto('/operator/instances')
    const row = page.getByRole('row').filter({ hasText: 'up to date' })
    await row.getByText(/^table [0-9a-f]{10}$/).waitFor()
    await row.getByText('Postgres: Up').waitFor()
    await row.getByText('Well', { exact: true }).waitFor()
    t.same(faults, [])
  })

  await t.test(
    'a member is invited, chooses a password by the link once, signs in, and is removed',
    async (t) => {
      const { page, faults } = await openPage(browser, hub.url)
      await signIn(page, hub.operator)
      await page.goto(`/team?merchant=${hub.merchantId}`)
      await page.getByRole('button', { name: 'Invite' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('E-mail address').fill('new@aurora.test')
      await dialog.getByRole('radio', { name: 'Viewer' }).check()
      await dialog.getByRole('button', { name: 'Invite' }).click()
      const link = (await dialog.getByLabel('Give them this link', { exact: true }).textContent()) ?? ''
      await dialog.getByRole('button', { name: 'Done' }).click()
      const [, token = ''] = link.split('#')

      const other = await openPage(browser, hub.url)
      const person = { email: 'new@aurora.test', password: 'a password that is long' }
      await other.page.goto(`/invitation#${token}`)
      await other.page.getByRole('heading', { name: `Join ${merchantName}` }).waitFor()
      t.equal(other.page.url().includes(token), false, 'the token goes from the address')
      await other.page.getByLabel('Password').fill(person.password)
      await other.page.getByRole('button', { name: 'Accept the invitation' }).click()
      await other.page.getByText('Sign in with it').waitFor()
      await signIn(other.page, person)
      await other.page.getByRole('link', { name: 'Till' }).waitFor()
      await other.page.goto(`/invitation#${token}`)
      await other.page.getByRole('heading', { name: 'This link does not work' }).waitFor()

      await page.reload()
      await page.getByRole('button', { name: 'Actions for new@aurora.test' }).click()
      await page.getByRole('menuitem', { name: 'Remove from the team' }).click()
      await dialog.getByRole('button', { name: 'Remove from the team' }).click()
      await page.getByText('new@aurora.test').first().waitFor({ state: 'detached' })
      t.same([...faults, ...other.faults], [])
    },
  )

  await t.test('merchants are found by the server, beyond those that a page holds', async (t) => {
    for (let i = 0; i < 60; i++) await hub.admin.makeMerchant(`Shop ${String(i).padStart(2, '0')}`)
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.goto('/operator/merchants')
    await page.getByRole('link', { name: 'Shop 59' }).waitFor()
    t.equal(await page.getByRole('link', { name: merchantName }).count(), 0, 'it is on a later page')
    await page.getByLabel('Search by name or id').pressSequentially('aurora')
    await page.getByRole('link', { name: merchantName }).waitFor()
    await page.getByRole('link', { name: 'Shop 59' }).waitFor({ state: 'detached' })
    t.match(page.url(), /q=aurora/)
    await page.getByLabel('Search by name or id').fill('')
    await page.getByLabel('Order').selectOption('name')
    await page.getByRole('link', { name: merchantName }).waitFor()
    await page.getByLabel('Status', { exact: true }).selectOption('suspended')
    await page.getByText('No merchant fits').waitFor()
    t.same(faults, [])
  })

  await t.test('the switcher finds a merchant by a part of its name', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.getByRole('link', { name: 'Till' }).waitFor()
    await page.getByRole('button', { name: 'Choose a merchant: All merchants' }).click()
    await page.getByLabel('Find a merchant').fill('aurora')
    await page.getByRole('menuitem', { name: merchantName }).click()
    await page.getByRole('button', { name: `Choose a merchant: ${merchantName}` }).waitFor()
    t.match(page.url(), `merchant=${hub.merchantId}`)
    await hub.admin.makeKey(hub.merchantId, { name: 'Atlas' })
    await page.getByLabel('Order').selectOption('name')
    await page.getByRole('row').nth(1).getByText('Atlas').waitFor()
    t.same(faults, [])
  })
})
