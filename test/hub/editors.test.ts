// What is edited in the hub, in a real browser: what is said of a key, from where and how often it may be used, how long a
// rotated secret lives on, and how much a merchant may ask for.

import t from 'tap'
import type { Page } from 'playwright-core'
import { createPostgres } from '../../src/store/postgres.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { merchantName, startHub } from './people.ts'
import { send } from './send.ts'

t.setTimeout(300_000)

async function openEditor(page: Page, key: string, item: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${key}` }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

t.test('editors', async (t) => {
  const hub = await startHub(t, {
    sections: 'hub: {}\nplans: { gold: { rate_limits: { default: { rate: 500/s } } } }',
    api: '    rate_limits: { default: { rate: 100/s, per: key } }',
  })
  const browser = await startChromium(t)
  const db = createPostgres({ url: hub.databaseUrl, applicationName: 'latchkey-test' })
  t.teardown(() => db.close())
  const { id, secret } = await hub.admin.makeKey(hub.merchantId, { name: 'Till' })
  const ask = () => send(hub.gatewayPort, { host: 'api.flintn.com', path: '/v1/transactions/1', secret })
  const read = async (path: string) => (await hub.admin.call('GET', path)).body

  await t.test('name, owner, expiry and pairs of a key', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${id}`)
    await openEditor(page, 'Till', 'Name, owner, expiry')
    const dialog = page.getByRole('dialog')
    const save = dialog.getByRole('button', { name: 'Save' })
    t.equal(await save.isDisabled(), true, 'nothing is changed yet')
    await dialog.getByLabel('Name', { exact: true }).fill('Till two')
    await dialog.getByLabel('Owner (optional)').fill('Mia')
    await dialog.getByLabel('Expires').selectOption('30')
    await dialog.getByRole('button', { name: 'Add a pair' }).click()
    await dialog.getByLabel('Name of pair 1').fill('shop')
    await dialog.getByLabel('Text of pair 1').fill('<b>Hamburg</b>')
    await save.click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'Till two', level: 1 }).waitFor()
    await page.getByText('<b>Hamburg</b>').waitFor()
    const key = await read(`/keys/${id}`)
    t.match(key, { name: 'Till two', owner: 'Mia', metadata: { shop: '<b>Hamburg</b>' } })
    const days = (Date.parse(String(key['expires_at'])) - Date.now()) / 86_400_000
    t.ok(days > 29 && days < 31, `${days} days`)

    await openEditor(page, 'Till two', 'Name, owner, expiry')
    await dialog.getByLabel('Expires').selectOption('never')
    await dialog.getByRole('button', { name: 'Remove pair 1' }).click()
    await save.click()
    await dialog.waitFor({ state: 'detached' })
    t.match(await read(`/keys/${id}`), { name: 'Till two', owner: 'Mia', expires_at: null, metadata: {} })
    t.same(faults, [])
  })

  await t.test('from where a key may be used: a wrong line is named, a right one is in force', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${id}`)
    await openEditor(page, 'Till two', 'Addresses')
    const dialog = page.getByRole('dialog')
    const lines = dialog.getByLabel('Addresses and blocks, one a line')
    await lines.fill('203.0.113.0/24\nnowhere')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText(/^nowhere /).waitFor()
    await lines.fill('203.0.113.0/24')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.equal(await ask(), 403, 'not from here')
    await openEditor(page, 'Till two', 'Addresses')
    await lines.fill('')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.equal(await ask(), 200)
    await page.getByRole('button', { name: 'Actions for Till two' }).click()
    t.equal(
      await page.getByRole('menuitem', { name: 'Limits' }).count(),
      0,
      'limits are the platform’s to say',
    )
    t.same(faults, [])
  })

  await t.test('the end of a rotation is moved', async (t) => {
    const rotated = await hub.admin.makeKey(hub.merchantId, { name: 'Rotated' })
    await hub.admin.call('POST', `/keys/${rotated.id}/rotate?wait=all`, { grace_seconds: 3600 })
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${rotated.id}`)
    await page.getByRole('button', { name: 'Change its end' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('From now').selectOption('604800')
    await dialog.getByLabel('Reason').fill('The shop is late')
    await dialog.getByRole('button', { name: 'Change the end' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Grace of the old secret changed').waitFor()
    const { secrets } = (await read(`/keys/${rotated.id}`)) as { secrets?: { expires_at: string | null }[] }
    const hours = (Date.parse(secrets?.[1]?.expires_at ?? '') - Date.now()) / 3_600_000
    t.ok(hours > 160 && hours <= 168, `${hours} hours`)
    t.same(faults, [])
  })

  await t.test(
    'a key that does not use all that it may is named, and what it does not use is taken away',
    async (t) => {
      const old = await hub.admin.makeKey(hub.merchantId, { name: 'Old till' })
      const full = await hub.admin.makeKey(hub.merchantId, { name: 'Full', permissions: ['*'] })
      await db.query(`UPDATE api_key SET created_at = now() - interval '100 days' WHERE id = ANY ($1)`, [
        [old.id, full.id],
      ])
      for (const keyId of [old.id, full.id])
        await db.query(
          `INSERT INTO activity VALUES ($1, date_trunc('minute', now()), 'sec_1', 'flintn', 'live', 'GET /v1/transactions/{id}', 'allow', 1)`,
          [keyId],
        )
      const { page, faults } = await openPage(browser, hub.url)
      await signIn(page, hub.member)
      await page.getByText(/^1 key holds permissions not used for 90 days/).waitFor()
      await page.getByRole('button', { name: 'Show', expanded: false }).click()
      const remove = page.getByRole('link', { name: 'Remove unused permissions of Old till' })
      t.equal(await remove.textContent(), 'Remove these…')
      await remove.click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Save permissions' }).click()
      await dialog.waitFor({ state: 'detached' })
      t.match(await read(`/keys/${old.id}`), { permissions: ['transaction.read'] })
      t.same(faults, [])
    },
  )

  await t.test('an operator limits a key, and gives a merchant a plan', async (t) => {
    // As if the file had had another limit.
    const gone = '{"gone": {"rate": "7/s", "burst": null}}'
    await db.query(
      `INSERT INTO key_limit (key_id, rates) VALUES ($1, $2) ON CONFLICT (key_id) DO UPDATE SET rates = $2`,
      [id, gone],
    )
    await db.query('INSERT INTO merchant_limit (merchant_id, rates) VALUES ($1, $2)', [hub.merchantId, gone])
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.goto(`/developers/keys/${id}`)
    await openEditor(page, 'Till two', 'Limits')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Rate: default').fill('often')
    await dialog.getByRole('button', { name: 'Save' }).click()
    t.equal(await page.locator('input:invalid').count(), 1, 'the browser says so')
    await dialog.getByLabel('Rate: default').fill('5000/min')
    await dialog.getByLabel('Most requests under way at once').fill('8')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.match(await read(`/keys/${id}`), { rate_limits: { default: { rate: '5000/min' } }, in_flight: 8 })
    await page.getByRole('row').filter({ hasText: 'flintn: default' }).getByText('this key').waitFor()

    await page.goto('/operator/merchants')
    await openEditor(page, merchantName, 'Plan and limits')
    await dialog.getByLabel('Plan').selectOption('gold')
    await dialog.getByLabel('Most requests under way at once').fill('100')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('cell', { name: 'gold' }).waitFor()
    await page.getByRole('link', { name: merchantName }).click()
    const limit = page.getByRole('row').filter({ hasText: 'flintn: default' })
    await limit.getByText('the plan gold').waitFor()
    await limit.getByText('500/s').waitFor()
    await page.goBack()
    await openEditor(page, merchantName, 'Rename')
    await dialog.getByLabel('Name').fill('Aurora Coffee Roasters')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('link', { name: 'Aurora Coffee Roasters' }).waitFor()
    t.match(await read(`/merchants/${hub.merchantId}`), {
      ...{ name: 'Aurora Coffee Roasters', plan: 'gold', in_flight: 100, rate_limits: {} },
    })
    t.same(faults, [])
  })
})
