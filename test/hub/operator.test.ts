// What operators do in the hub, in a real browser, and how somebody comes to be a member by a link.

import t from 'tap'
import { addActivity } from '../../src/store/activity/activity-table.ts'
import { pullBrake } from '../../src/store/keys/key-brake-table.ts'
import { addQuotaUse } from '../../src/store/activity/quota-table.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { everything } from '../../src/store/scope.ts'
import { seriousFaults } from './axe.ts'
import { openPage, signIn, signOut, startChromium } from './browser.ts'
import { merchantName, startHub } from './people.ts'
import { send } from './send.ts'

t.setTimeout(300_000)

t.test('as an operator', async (t) => {
  const hub = await startHub(t, {
    api: '    quotas: { monthly: { requests: 1000000, per: merchant }, monthly_key: { requests: 10000, per: key } }',
  })
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

  await t.test('a key that a brake holds says so, and is released by one call', async (t) => {
    const held = await hub.admin.makeKey(hub.merchantId, { name: 'Refund desk' })
    const db = createPostgres({ url: hub.databaseUrl, applicationName: 'latchkey-test' })
    const origin = {
      actor: 'latchkey',
      requestId: 'req_1',
      nowMs: Date.now(),
      scope: everything,
    }
    const of = { api: 'flintn', permission: 'transaction.refund', routes: [], times: 5, floor: 20 }
    for (const [name, action] of [
      ['reads', 'notify'],
      ['refunds', 'disable'],
    ] as const)
      await pullBrake(db, origin, {
        brake: { ...of, name, action },
        burst: { keyId: held.id, merchantId: hub.merchantId, count: 50, usual: 2, isNew: false },
        beside: () => Promise.resolve(),
      })
    await db.close()
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.viewer)
    await page.getByRole('row').filter({ hasText: 'Refund desk' }).getByText('Held by a brake').waitFor()
    await page.goto(`/developers/keys/${held.id}`)
    await page.getByText('The brake refunds disabled this key').waitFor()
    t.equal(await page.getByRole('button', { name: 'Release' }).count(), 0, 'whoever only looks')
    await signOut(page, hub.viewer)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${held.id}`)
    await page.getByText('The brake reads told of this key').waitFor()
    t.same(await seriousFaults(page), [])
    await page.getByRole('button', { name: 'Release' }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('A sale')
    await page.getByRole('dialog').getByRole('button', { name: 'Release' }).click()
    await page.getByText('In force everywhere').waitFor()
    await page.getByText('The brake refunds disabled this key').waitFor({ state: 'detached' })
    t.equal(await page.getByText('The brake reads told of this key').count(), 1)
    t.match((await hub.admin.call('GET', `/keys/${held.id}`)).body, { status: 'active' })
    t.same(faults, [])
  })

  await t.test('what is used of quotas stands with a merchant and with a key', async (t) => {
    const { page, faults } = await openPage(browser, hub.url, { viewport: { width: 320, height: 700 } })
    await signIn(page, hub.operator)
    const fresh = await hub.admin.makeMerchant('Fresh')
    await page.goto(`/operator/merchants/${fresh}`)
    await page.getByText('No request has counted to a quota this month').waitFor()
    const db = createPostgres({ url: hub.databaseUrl, applicationName: 'latchkey-test' })
    const now = new Date()
    const monthMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
    const of = { api: 'flintn', environment: 'live', monthMs }
    const other = await hub.admin.makeKey(hub.merchantId, { name: 'Other' })
    const items = [
      { ...of, subject: hub.merchantId, count: 400_000 },
      { ...of, subject: id, count: 9_500 },
      { ...of, subject: other.id, count: 10_000 },
    ]
    await addQuotaUse(db, { id: 'seed-quotas', items })
    await db.query(
      `INSERT INTO quota_told (subject, api, environment, month, quota, percent, requests)
       SELECT $1, 'flintn', 'live', $2::date, 'monthly_key', p, 10000 FROM unnest(ARRAY[80, 95]) p`,
      [id, new Date(monthMs).toISOString().slice(0, 10)],
    )
    await db.close()
    const use = page.getByRole('meter')
    const wide = `document.documentElement.scrollWidth - document.documentElement.clientWidth`
    await page.goto(`/operator/merchants/${hub.merchantId}`)
    await page.getByText('Used up: requests are refused').waitFor()
    await page.getByText('Told at 80, 95 %').waitFor()
    t.equal(await use.count(), 3)
    t.equal(await page.evaluate(wide), 0)
    t.same(await seriousFaults(page), [])
    await page.goto(`/developers/keys/${id}`)
    await page.getByText('Nearly used up').waitFor()
    await page.getByText('They begin anew').waitFor()
    // Its own requests of a moment ago count, too.
    t.match(await use.evaluateAll((all) => all.map((one) => one.getAttribute('aria-valuenow'))), [
      ...[/^95\d\d$/, /^4000\d\d$/],
    ])
    t.equal(await page.evaluate(wide), 0)
    await page.emulateMedia({ colorScheme: 'dark' })
    t.same(await seriousFaults(page), [])
    await page.route('**/admin/v1/quotas*', (route) => route.fulfill({ status: 503, body: '{}' }))
    await page.reload()
    await page.getByText('What was used of quotas could not be read').waitFor()
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
