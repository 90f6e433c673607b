// Webhooks in the hub, in a real browser: an endpoint is added, tested, signed anew, paused and taken away; its secret is shown
// once.

import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { startReceiver } from '../control/webhooks/receiver.ts'
import { seriousFaults } from './axe.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { startHub } from './people.ts'

t.setTimeout(300_000)

t.test('webhooks', async (t) => {
  const receiver = await startReceiver(t)
  const hub = await startHub(t, { sections: 'hub: {}\nwebhooks: { allow: [127.0.0.0/8, "::1"] }' })
  const browser = await startChromium(t)
  const address = `${receiver.url}/from-latchkey`
  let path = ''

  await t.test('an endpoint is made, and what it is sent is signed with the secret shown', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto('/developers/webhooks')
    await page.getByRole('button', { name: 'Add endpoint' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('URL').fill(address)
    await dialog.getByLabel('Name (optional)').fill('Till')
    t.same(await seriousFaults(page), [])
    await dialog.getByRole('button', { name: 'Add endpoint' }).dblclick()
    const secret = (await dialog.getByLabel('Secret', { exact: true }).textContent()) ?? ''
    t.match(secret, /^whsec_/)
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    const links = page.getByRole('link', { name: 'Till' })
    await links.first().waitFor()
    t.equal(await links.count(), 1, 'a double click makes one')
    await links.click()
    await page.getByRole('heading', { name: 'Till', level: 1 }).waitFor()
    path = new URL(page.url()).pathname
    t.match(path, /^\/developers\/webhooks\/\w+$/)
    t.equal((await page.content()).includes(secret), false, 'the secret is gone')
    await page.getByText('Nothing was sent yet.').waitFor()
    t.same(await seriousFaults(page), [])

    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText('Delivered', { exact: true }).waitFor()
    const [told] = receiver.told
    const headers = Object.entries(told?.headers ?? {}).map(([name, value]) => [name, String(value)])
    t.ok(new Webhook(secret).verify(told?.body ?? '', Object.fromEntries(headers)))
    await page.getByRole('button', { name: 'Send again' }).click()
    while (receiver.told.length < 2) await page.waitForTimeout(50)
    t.same(await seriousFaults(page), [])

    await page.getByRole('button', { name: `Actions for ${address}` }).click()
    await page.getByRole('menuitem', { name: 'Rotate the signing secret' }).click()
    await dialog.getByRole('button', { name: 'Rotate the signing secret' }).click()
    await dialog.getByRole('button', { name: 'I have stored it' }).waitFor()
    t.match(await dialog.getByLabel('Secret', { exact: true }).textContent(), /^whsec_/)
    await dialog.getByRole('button', { name: 'I have stored it' }).click()
    t.same(faults, [])
  })

  await t.test('a viewer looks on, and is offered no change', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.viewer)
    await page.goto(path)
    await page.getByText('Delivered', { exact: true }).first().waitFor()
    for (const name of ['Send a test', 'Send again', 'Disable'])
      t.equal(await page.getByRole('button', { name }).count(), 0, name)
    t.same(await seriousFaults(page), [])
    t.same(faults, [])
  })

  await t.test('it is paused, resumed, and deleted', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.goto(path)
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('button', { name: 'Enable' }).click()
    await page.getByRole('button', { name: 'Disable' }).waitFor()
    await page.getByRole('button', { name: `Actions for ${address}` }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No endpoints yet').waitFor()
    await page.goto(path)
    await page.getByRole('heading', { name: 'There is no such endpoint', level: 1 }).waitFor()
    t.same(faults, [])
  })
})
