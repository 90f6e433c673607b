// The hub as it stands on the internet: behind a proxy with a path prefix, with mails, over a network that is slow at times and
// away at others.

import t from 'tap'
import type { Page } from 'playwright-core'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { linkIn, startMailServer } from '../support/mail-server.ts'
import { startTestProgram } from '../support/program.ts'
import { openPage, startChromium } from './browser.ts'
import { startFront } from './front.ts'
import { merchantName, type Person, startHub } from './people.ts'

t.setTimeout(300_000)

const prefix = '/pay/hub'
const wide = `document.documentElement.scrollWidth - document.documentElement.clientWidth`

t.test('behind a proxy', async (t) => {
  const port = await freePort()
  const mails = await startMailServer(t)
  let controlPort = 0
  const front = await startFront(t, { port, prefix, to: () => controlPort })
  const mail = `{ from: "Flintn <no-reply@flintn.test>", smtp: "smtp://127.0.0.1:${mails.port}" }`
  const hub = await startHub(t, {
    control: `, public_url: "http://localhost:${port}"`,
    sections: `hub: { path: ${prefix}, mail: ${mail} }`,
  })
  ;({ controlPort } = hub)
  const browser = await startChromium(t)
  const { id } = await hub.admin.makeKey(hub.merchantId, { name: 'Till' })

  async function signIn(page: Page, { email, password }: Person): Promise<void> {
    await page.goto(`${front.url}/sign-in`)
    await page.getByLabel('E-mail address').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'API Keys', level: 1 }).waitFor()
  }

  /** The newest, once it is there, that leads to a page. */
  async function mailTo(email: string, to: string): Promise<string> {
    for (;;) {
      const found = mails.received.filter((text) => text.startsWith(`Envelope-To: ${email}`)).at(-1)
      if (found !== undefined && linkIn(found).includes(to)) return linkIn(found)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  await t.test(
    'an invitation comes by mail, its link leads below the prefix, and all stays there',
    async (t) => {
      const { page, faults } = await openPage(browser, front.url)
      await signIn(page, hub.member)
      t.equal(page.url(), `${front.url}/developers`)
      await page.getByRole('link', { name: 'Team' }).click()
      t.match(page.url(), `${front.url}/team`)
      await page.getByRole('button', { name: 'Invite' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('E-mail address').fill('nina@aurora.test')
      await dialog.getByRole('button', { name: 'Invite' }).click()
      await dialog.getByRole('button', { name: 'Done' }).click()
      const link = await mailTo('nina@aurora.test', '/invitation')
      t.match(link, `${front.url}/invitation#`)

      const other = await openPage(browser, front.url)
      await other.page.goto(link)
      await other.page.getByRole('heading', { name: `Join ${merchantName}` }).waitFor()
      const nina = { email: 'nina@aurora.test', password: 'a password that is long' }
      await other.page.getByLabel('Password').fill(nina.password)
      await other.page.getByRole('button', { name: 'Accept the invitation' }).click()
      await other.page.getByRole('button', { name: 'Go to sign-in' }).click()
      t.equal(other.page.url(), `${front.url}/sign-in`)

      await other.page.getByRole('button', { name: 'Forgot your password?' }).click()
      await other.page.getByLabel('E-mail address').fill(hub.viewer.email)
      await other.page.getByRole('button', { name: 'Send me a link' }).click()
      await other.page.getByText('a link is on its way').waitFor()
      t.match(await mailTo(hub.viewer.email, '/set-password'), `${front.url}/set-password#`)

      await signIn(other.page, nina)
      await other.page.goto(`${front.url}/developers/keys/${id}`)
      await other.page.getByRole('heading', { name: 'Till', level: 1 }).waitFor()
      t.equal(
        await other.page.getByRole('link', { name: 'API Keys' }).first().getAttribute('href'),
        `${prefix}/developers`,
      )
      t.same([...faults, ...other.faults], [], 'nothing is asked for beside the prefix')
    },
  )

  await t.test(
    'while a slow answer is awaited there is a skeleton, and a second click does nothing',
    async (t) => {
      const { page, faults } = await openPage(browser, front.url)
      await signIn(page, hub.member)
      const releaseList = front.hold(/^GET \/admin\/v1\/merchants\/[^/]+\/members$/)
      await page.goto(`${front.url}/team`)
      await page.getByRole('status').filter({ hasText: 'Loading' }).first().waitFor()
      releaseList()
      await page.getByText('mia@aurora.test').first().waitFor()

      await page.goto(`${front.url}/developers/new`)
      await page.getByLabel('Name', { exact: true }).fill('Slow')
      await page.getByRole('radio', { name: 'Sandbox' }).check()
      await page.getByRole('checkbox', { name: 'Read transaction' }).check()
      const releaseKey = front.hold(/^POST \/admin\/v1\/keys$/)
      await page.getByRole('button', { name: 'Create API Key' }).click()
      const busy = page.getByRole('button', { name: 'Creating…' })
      await busy.waitFor()
      await busy.click({ force: true })
      releaseKey()
      await page.getByLabel('Secret', { exact: true }).waitFor()
      t.equal(front.asked.filter((one) => one === 'POST /admin/v1/keys').length, 1)
      t.same(faults, [])
    },
  )

  await t.test('what is ticked while another’s change is loaded is kept, beside that change', async (t) => {
    const shared = await hub.admin.makeKey(hub.merchantId, {
      name: 'Shared',
      permissions: ['transaction.read'],
    })
    const { page, faults } = await openPage(browser, front.url)
    await signIn(page, hub.member)
    await page.goto(`${front.url}/developers/keys/${shared.id}`)
    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    const dialog = page.getByRole('dialog')
    const box = (name: string) => dialog.getByRole('checkbox', { name })
    await box('Search').check()
    await hub.admin.call('PATCH', `/keys/${shared.id}?wait=all`, {
      permissions: ['transaction.read', 'transaction.refund'],
    })
    await dialog.getByRole('button', { name: 'Save permissions' }).click()
    const release = front.hold(new RegExp(`^GET /admin/v1/keys/${shared.id}$`))
    await dialog.getByRole('button', { name: 'Take what is there now' }).click()
    await dialog.getByRole('button', { name: 'Loading…' }).waitFor()
    await box('Read transaction').uncheck()
    release()
    await dialog.getByText('Somebody changed this key').waitFor({ state: 'detached' })
    t.same(
      [
        await box('Read transaction').isChecked(),
        await box('Search').isChecked(),
        await box('Refund').isChecked(),
      ],
      [false, true, true],
    )
    await dialog.getByRole('button', { name: 'Save permissions' }).click()
    await dialog.waitFor({ state: 'detached' })
    t.same((await hub.admin.call('GET', `/keys/${shared.id}`)).body['permissions'], [
      'transaction.refund',
      'transaction.search',
    ])
    t.same(faults, [])
  })

  await t.test(
    'a menu that is opened while a page comes stays open, with what was typed in it',
    async (t) => {
      const { page, faults } = await openPage(browser, front.url)
      await signIn(page, hub.operator)
      const release = front.hold(new RegExp(`^GET /admin/v1/keys/${id}$`))
      await page.goto(`${front.url}/developers/keys/${id}`)
      await page.getByRole('button', { name: 'Choose a merchant: All merchants' }).click()
      await page.getByLabel('Find a merchant').fill('aur')
      release()
      await page.getByRole('heading', { name: 'Till', level: 1, includeHidden: true }).waitFor()
      t.equal(await page.getByLabel('Find a merchant').inputValue(), 'aur')
      t.same(faults, [])
    },
  )

  await t.test('a dialog of a row outlives the row', async (t) => {
    const gone = await hub.admin.makeKey(hub.merchantId, { name: 'Soon gone' })
    const { page, faults } = await openPage(browser, front.url)
    await signIn(page, hub.member)
    await page.goto(`${front.url}/developers?status=active`)
    await page.getByRole('button', { name: 'Actions for Soon gone' }).click()
    await page.getByRole('menuitem', { name: 'Revoke' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill('It was seen in a chat')
    await hub.admin.call('POST', `/keys/${gone.id}/disable?wait=all`, {})
    // As the list does by itself after a while.
    await page.evaluate(`window.dispatchEvent(new Event('visibilitychange'))`)
    await page.getByRole('link', { name: 'Soon gone', includeHidden: true }).waitFor({ state: 'detached' })
    t.equal(await dialog.getByLabel('Reason').inputValue(), 'It was seen in a chat')
    t.same(faults, [])
  })

  await t.test(
    'while the server is away, what was loaded stays, and what was not done is not said to be',
    async (t) => {
      const { page, faults } = await openPage(browser, front.url)
      await signIn(page, hub.member)
      await page.getByRole('link', { name: 'Till' }).click()
      await page.getByRole('button', { name: 'Disable' }).click()
      front.isAway = true
      t.teardown(() => (front.isAway = false))
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Disable' }).click()
      await dialog.getByText('it is not known whether this was done').waitFor()
      t.equal(await page.getByRole('heading', { name: 'Till', level: 1, includeHidden: true }).count(), 1)
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('link', { name: 'Team' }).click()
      await page.getByText('The server did not answer.').first().waitFor()
      front.isAway = false
      await page.getByRole('button', { name: 'Try again' }).first().click()
      await page.getByText('mia@aurora.test').first().waitFor()
      t.match((await hub.admin.call('GET', `/keys/${id}`)).body, { status: 'active' })
      t.same(faults, [])
    },
  )

  await t.test(
    'names of 10,000 characters are refused at their field, the longest fit at 320 pixels',
    async (t) => {
      const longest = await hub.admin.makeKey(hub.merchantId, {
        name: 'W'.repeat(100),
        owner: 'M'.repeat(100),
      })
      const { page, faults } = await openPage(browser, front.url, { viewport: { width: 320, height: 640 } })
      await signIn(page, hub.member)
      await page.getByRole('link', { name: 'WWWW' }).waitFor()
      t.equal(await page.evaluate(wide), 0, 'the list')
      for (const path of [`/developers/keys/${longest.id}`, '/developers/new']) {
        await page.goto(front.url + path)
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.locator('.skeleton').first().waitFor({ state: 'detached' })
        t.equal(await page.evaluate(wide), 0, path)
      }
      await page.getByLabel('Name', { exact: true }).fill('X'.repeat(10_000))
      await page.getByRole('checkbox', { name: 'Read transaction' }).check()
      await page.getByRole('button', { name: 'Create API Key' }).click()
      await page.locator('[aria-invalid]').waitFor()
      t.equal(await page.evaluate(wide), 0)
      t.match(await hub.admin.call('GET', `/keys?q=${'X'.repeat(50)}`), { body: { data: [] } })
      t.same(faults, [])
    },
  )
})

t.test('where there is no operator yet, the page says how the first one is made', async (t) => {
  const program = await startTestProgram(t, { sections: 'hub: {}' })
  const url = `http://localhost:${program.controlPort}`
  const browser = await startChromium(t)
  const { page, faults } = await openPage(browser, url)
  await page.goto('/developers')
  await page.getByRole('heading', { name: 'Set up the first operator' }).waitFor()
  await page.getByText('latchkey operators create').first().waitFor()
  await page.getByRole('button', { name: 'I am a member' }).click()
  await page.getByLabel('E-mail address').waitFor()
  await program.admin.call('POST', '/operators', { email: 'first@flintn.test' })
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
  t.same(faults, [])
})
