// What the pages show beside lists and forms: a part of a chart that is chosen by a drag, how long answers took, whose key is being made, and
// how an installation stands that cannot say so itself.

import t from 'tap'
import type { Page } from 'playwright-core'
import { openPage, signIn, startChromium } from './browser.ts'
import { furnish } from './lifelike.ts'
import { startHub } from './people.ts'

t.setTimeout(300_000)

t.test('what is seen', async (t) => {
  const hub = await startHub(t)
  await furnish(hub)
  const browser = await startChromium(t)

  await t.test('a drag over the chart chooses a part of it, which can be left again', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto('/developers/activity?range=24h')
    await page.locator('.u-over').first().waitFor()
    const whole = await total(page)
    t.ok(whole > 0)
    await drag(page)
    await page.getByRole('button', { name: 'Back to the whole time' }).waitFor()
    const { searchParams } = new URL(page.url())
    const [from, to] = ['from', 'to'].map((name) => Date.parse(searchParams.get(name) ?? ''))
    const hours = ((to ?? 0) - (from ?? 0)) / 3_600_000
    t.ok(hours > 9 && hours < 15, `${hours} of 24 hours`)
    await page.waitForFunction(`${totalOf} > 0 && ${totalOf} < ${whole}`)
    await page.getByRole('button', { name: 'Back to the whole time' }).click()
    await page.waitForFunction(`${totalOf} >= ${whole}`)
    t.notMatch(page.url(), /from=/)
    t.same(faults, [])
  })

  await t.test('how long answers took is told by percentiles, as the API has them', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto('/developers/activity?range=24h')
    const shown: number[] = []
    for (const name of ['p50_ms', 'p90_ms', 'p99_ms']) {
      const told = page
        .locator(`[data-figure=${name}] span`)
        .first()
        .getByText(/^[\d.,]+ ms$/)
      shown.push(Number.parseFloat((await told.textContent()) ?? ''))
    }
    t.same(
      shown,
      shown.toSorted((a, b) => a - b),
    )
    t.ok(new Set(shown).size === 3 && shown.every((ms) => ms > 0), shown.join(' < '))
    t.same(faults, [])
  })

  await t.test(
    'a key is made for the merchant that the operator looks at, who is not asked again',
    async (t) => {
      const { page, faults } = await openPage(browser, hub.url)
      await signIn(page, hub.operator)
      await page.goto(`/developers?merchant=${hub.merchantId}`)
      await page.getByRole('link', { name: 'Create API Key' }).first().click()
      await page.getByLabel('Name', { exact: true }).fill('Made by Olive')
      t.equal(await page.getByRole('button', { name: /^Merchant: / }).count(), 0)
      await page.getByRole('radio', { name: 'Sandbox' }).check()
      await page.getByRole('checkbox', { name: 'Read transaction' }).check()
      await page.getByRole('button', { name: 'Create API Key' }).click()
      await page.getByLabel('I have stored it').check()
      const { body } = await hub.admin.call('GET', `/keys?merchant_id=${hub.merchantId}&q=Made+by+Olive`)
      t.match(body['data'], [{ name: 'Made by Olive', merchant_id: hub.merchantId }])
      t.same(faults, [])
    },
  )

  await t.test('where the installation cannot say how it stands, the instance does', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.operator)
    await page.route('**/admin/v1/health', (route) => route.abort())
    await page.goto('/operator/health')
    const own = page.getByRole('region', { name: 'What this instance knows by itself:' })
    await own.waitFor()
    await page.unroute('**/admin/v1/health')
    await own.waitFor({ state: 'detached' })
    t.same(faults, [])
  })
})

const totalOf = `Number(document.querySelector('dl dd')?.textContent.replaceAll(',', ''))`

async function total(page: Page): Promise<number> {
  await page.waitForFunction(`${totalOf} > 0`)
  return page.evaluate<number>(totalOf)
}

async function drag(page: Page): Promise<void> {
  const box = await page.locator('.u-over').first().boundingBox()
  if (box === null) throw new Error('no chart')
  const y = box.y + box.height / 2
  await page.mouse.move(box.x + box.width / 4, y)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2, y, { steps: 5 })
  await page.mouse.move(box.x + (3 * box.width) / 4, y, { steps: 5 })
  await page.mouse.up()
}
