// `npm run docs:hub`: pictures of the hub's pages for docs/hub, light and dark, of a program with lifelike data, over a Postgres and
// a Redis of its own as the tests have them. With names, those alone: `npm run docs:hub -- keys health`.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { startSharedServices } from '../support/services.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { furnish, type Lifelike } from './lifelike.ts'
import { type HubProgram, startHub } from './people.ts'

const folder = 'docs/hub'
const highest = 1_400

interface Picture {
  readonly name: string
  readonly who: 'member' | 'operator'
  readonly path: (data: Lifelike) => string
  /** What is done before. */
  readonly act?: (page: Page) => Promise<void>
}

const pictures: readonly Picture[] = [
  { name: 'keys', who: 'member', path: () => '/developers' },
  { name: 'keys-sandbox', who: 'member', path: () => '/developers?env=sandbox' },
  {
    name: 'new-key',
    who: 'member',
    path: () => '/developers/new',
    act: async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('Invoice mailer')
      await page.getByRole('checkbox', { name: 'Read transaction' }).check()
    },
  },
  {
    name: 'secret',
    who: 'member',
    path: () => '/developers/new?env=sandbox',
    act: async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('Invoice mailer')
      await page.getByRole('checkbox', { name: 'Read transaction' }).check()
      await page.getByRole('button', { name: 'Create API Key' }).click()
      await page.getByText('In force everywhere').waitFor()
    },
  },
  { name: 'key', who: 'member', path: ({ keyId }) => `/developers/keys/${keyId}` },
  { name: 'activity', who: 'member', path: () => '/developers/activity' },
  { name: 'requests', who: 'member', path: () => '/developers/requests' },
  { name: 'request', who: 'member', path: ({ requestId }) => `/developers/requests/${requestId}` },
  { name: 'team', who: 'member', path: () => '/team' },
  { name: 'account', who: 'member', path: () => '/account' },
  { name: 'permissions', who: 'member', path: () => '/docs/permissions' },
  { name: 'webhooks', who: 'member', path: () => '/developers/webhooks' },
  { name: 'merchants', who: 'operator', path: () => '/operator/merchants' },
  { name: 'audit', who: 'operator', path: () => '/operator/audit' },
  { name: 'oauth', who: 'member', path: () => '/developers/oauth' },
  { name: 'health', who: 'operator', path: () => '/operator/health' },
  { name: 'instances', who: 'operator', path: () => '/operator/instances' },
  { name: 'routes', who: 'operator', path: () => '/operator/routes' },
  { name: 'deny', who: 'operator', path: () => '/operator/deny' },
]

async function main(): Promise<void> {
  const ends: (() => Promise<void>)[] = []
  const t = { teardown: (fn: () => unknown) => ends.push(async () => void (await fn())) }
  const services = await startSharedServices()
  ends.push(() => services.stop())
  Object.assign(process.env, services.env)
  try {
    const hub = await startHub(t)
    const data = await furnish(hub)
    const browser = await startChromium(t)
    mkdirSync(folder, { recursive: true })
    const only = process.argv.slice(2)
    for (const scheme of ['light', 'dark'] as const) await takeAll({ hub, data, browser, scheme, only })
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

interface Session {
  readonly hub: HubProgram
  readonly data: Lifelike
  readonly browser: Browser
  readonly scheme: 'light' | 'dark'
  /** Names; all if none. */
  readonly only: readonly string[]
}

async function takeAll({ hub, data, browser, scheme, only }: Session): Promise<void> {
  const options = { colorScheme: scheme, viewport: { width: 1280, height: 800 } }
  const signedOut = await openPage(browser, hub.url, options)
  await signedOut.page.goto('/sign-in')
  await take(signedOut.page, `sign-in-${scheme}`)
  for (const who of ['member', 'operator'] as const) {
    const { page } = await openPage(browser, hub.url, options)
    await signIn(page, hub[who])
    for (const { name, path, act } of pictures.filter((one) => one.who === who)) {
      if (only.length > 0 && !only.includes(name)) continue
      page.once('dialog', (dialog) => void dialog.accept())
      await page.setViewportSize(options.viewport)
      await page.goto(path(data))
      await page.getByRole('heading', { level: 1 }).waitFor()
      await act?.(page)
      await take(page, `${name}-${scheme}`)
      page.removeAllListeners('dialog')
    }
  }
}

async function take(page: Page, name: string): Promise<void> {
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
  await page.waitForTimeout(400)
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
  await page.setViewportSize({ width: 1280, height: Math.min(Math.max(height, 640), highest) })
  await page.waitForTimeout(200)
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

await main()
