// Every page of the hub in a real browser, for everybody who has it, light and dark: nothing that keeps people with a screen
// reader or a keyboard out, no request to another origin, nothing that its policy forbids, and no sideways scrolling.

import type { Browser } from 'playwright-core'
import t from 'tap'
import { seriousFaults } from './axe.ts'
import { openPage, signIn, startChromium, type Watched } from './browser.ts'
import { startHub } from './people.ts'

t.setTimeout(600_000)

const developers = [
  '/developers',
  '/developers?env=sandbox',
  '/developers/new',
  '/developers/activity',
  '/developers/requests',
  '/developers/requests/req_01J8Z0000000000000000000',
  '/developers/webhooks',
  '/developers/oauth',
  '/developers/oauth/new',
  '/developers/oauth/cli_0000000000000000',
  '/team',
  '/account',
  '/device',
  '/docs/permissions',
  '/docs/errors',
  '/docs/errors/INSUFFICIENT_PERMISSIONS',
]
const operators = [
  '/operator/merchants',
  '/operator/operators',
  '/operator/audit',
  '/operator/health',
  '/operator/instances',
  '/operator/routes',
  '/operator/deny',
]

const sizes = `(({ scrollWidth, clientWidth }) => ({ scrollWidth, clientWidth }))(document.documentElement)`

async function settled({ page }: Watched): Promise<void> {
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
}

async function lightCanvas(browser: Browser, url: string): Promise<unknown> {
  const { page } = await openPage(browser, url, { colorScheme: 'light' })
  await page.goto('/sign-in')
  return page.evaluate(`getComputedStyle(document.documentElement).color`)
}

t.test('pages', async (t) => {
  const hub = await startHub(t)
  const browser = await startChromium(t)
  const { id } = await hub.admin.makeKey(hub.merchantId, { name: 'Checkout server' })
  await hub.admin.call('POST', `/keys/${id}/rotate`, {})

  for (const colorScheme of ['light', 'dark'] as const)
    for (const [name, person, paths] of [
      ['member', hub.member, [...developers, `/developers/keys/${id}`]],
      [
        'operator',
        hub.operator,
        [...operators, `/operator/merchants/${hub.merchantId}`, '/developers', `/developers/keys/${id}`],
      ],
    ] as const)
      await t.test(`for the ${name}, ${colorScheme}`, async (t) => {
        const watched = await openPage(browser, hub.url, { colorScheme })
        const { page, faults } = watched
        await page.goto('/sign-in')
        await settled(watched)
        t.same(await seriousFaults(page), [], '/sign-in')
        await signIn(page, person)
        for (const path of paths) {
          await page.goto(path)
          await settled(watched)
          t.same(await seriousFaults(page), [], path)
        }
        t.same(faults, [])
      })

  await t.test('for the viewer', async (t) => {
    const watched = await openPage(browser, hub.url)
    await signIn(watched.page, hub.viewer)
    for (const path of [...developers, `/developers/keys/${id}`]) {
      await watched.page.goto(path)
      await settled(watched)
      t.same(await seriousFaults(watched.page), [], path)
    }
    t.same(watched.faults, [])
  })

  await t.test('from 320 pixels on nothing is wider than the window', async (t) => {
    const watched = await openPage(browser, hub.url, { viewport: { width: 320, height: 640 } })
    const { page } = watched
    await signIn(page, hub.operator)
    for (const path of [...developers, ...operators, `/developers/keys/${id}`]) {
      await page.goto(path)
      await settled(watched)
      const { scrollWidth, clientWidth } = {
        scrollWidth: 0,
        clientWidth: 0,
        ...Object(await page.evaluate(sizes)),
      }
      t.equal(scrollWidth - clientWidth, 0, path)
    }
  })

  await t.test('on paper a page is its content alone, dark on white', async (t) => {
    const watched = await openPage(browser, hub.url, { colorScheme: 'dark' })
    const { page } = watched
    await signIn(page, hub.member)
    await page.goto(`/developers/keys/${id}`)
    await settled(watched)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    for (const role of ['navigation', 'button'] as const)
      t.equal(await page.getByRole(role).filter({ visible: true }).count(), 0, role)
    const box = await page.getByRole('main').boundingBox()
    t.equal(box?.x, 0)
    t.equal(
      await page.evaluate(`getComputedStyle(document.documentElement).color`),
      await lightCanvas(browser, hub.url),
    )
    t.same(watched.faults, [])
  })

  await t.test('the first page is at most 150 KiB of script', async (t) => {
    const { page } = await openPage(browser, hub.url)
    const parts: Promise<number>[] = []
    page.on('response', (response) => {
      if (/\.js$/.test(response.url()))
        parts.push(
          response
            .request()
            .sizes()
            .then(({ responseBodySize }) => responseBodySize),
        )
    })
    await signIn(page, hub.member)
    await page.waitForLoadState('networkidle')
    const bytes = (await Promise.all(parts)).reduce((sum, size) => sum + size, 0)
    t.comment(`${Math.round(bytes / 1024)} KiB`)
    t.ok(bytes > 0 && bytes < 150 * 1024, `${bytes} bytes`)
  })

  await t.test('the keyboard does it: pages by letters, the list of them, search', async (t) => {
    const { page, faults } = await openPage(browser, hub.url)
    await signIn(page, hub.member)
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('/')
    await page.keyboard.type('nothing like it')
    await page.getByText('No key fits').waitFor()
    t.match(page.url(), /q=nothing/)
    await page.getByRole('heading', { level: 1 }).focus()
    await page.keyboard.press('e')
    await page.getByText('nothing here moves real money').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('t')
    await page.getByRole('heading', { name: 'Team', level: 1 }).waitFor()
    t.match(page.url(), /env=sandbox/, 'the environment goes along')
    t.same(faults, [])
  })
})
