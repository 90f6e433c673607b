// `npm run docs:hub`: pictures of the hub's pages for docs/hub, light and dark, of a program with lifelike data, over a Postgres and
// a Redis of its own as the tests have them. With names, those alone: `npm run docs:hub -- keys health`.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { addQuotaUse } from '../../src/store/activity/quota-table.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { startSharedServices } from '../support/services.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { furnish, type Lifelike } from './lifelike.ts'
import { type HubProgram, merchantName, startHub } from './people.ts'
import { sendBearer } from './send.ts'

const folder = 'docs/hub'
const highest = 1_400

interface Picture {
  readonly name: string
  readonly who: 'member' | 'operator'
  readonly path: (data: Shown) => string
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
  { name: 'applications', who: 'member', path: () => '/developers/oauth' },
  { name: 'application', who: 'member', path: ({ clientId }) => `/developers/oauth/${clientId}` },
  { name: 'new-application', who: 'member', path: () => '/developers/oauth/new' },
  {
    name: 'merchant',
    who: 'operator',
    path: () => '/operator/merchants',
    act: (page) => page.getByRole('link', { name: merchantName }).click(),
  },
  { name: 'merchants', who: 'operator', path: () => '/operator/merchants' },
  { name: 'audit', who: 'operator', path: () => '/operator/audit' },
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
    const controlPort = await freePort()
    const hub = await startHub(t, {
      controlPort,
      control: `, public_url: "http://localhost:${controlPort}"`,
      sections: 'hub: {}\nplans: { gold: { rate_limits: { default: { rate: 500/s } } } }',
      api: `    oauth: {}
    rate_limits: { default: { rate: 100/s, per: key } }
    quotas: { monthly: { requests: 500000, per: merchant } }`,
    })
    const data = { ...(await furnish(hub)), clientId: await makeApplications(hub) }
    await useQuotas(hub)
    const browser = await startChromium(t)
    mkdirSync(folder, { recursive: true })
    const only = process.argv.slice(2)
    for (const scheme of ['light', 'dark'] as const) await takeAll({ hub, data, browser, scheme, only })
  } finally {
    for (const end of ends.toReversed()) await end()
  }
}

/** Most of the month's in Live, a little in Sandbox. */
async function useQuotas({ databaseUrl, merchantId }: HubProgram): Promise<void> {
  const db = createPostgres({ url: databaseUrl, applicationName: 'latchkey-test' })
  const now = new Date()
  const monthMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth())
  const of = { subject: merchantId, api: 'flintn', monthMs }
  const items = [
    { ...of, environment: 'live', count: 412_380 },
    { ...of, environment: 'sandbox', count: 9_204 },
  ]
  await addQuotaUse(db, { id: 'seed-quotas', items })
  await db.close()
}

interface Shown extends Lifelike {
  readonly clientId: string
}

/** Two, of which one has used its tokens. */
async function makeApplications(hub: HubProgram): Promise<string> {
  const about = {
    ...{ merchant_id: hub.merchantId, api: 'flintn', environment: 'live' },
    permissions: ['transaction.read', 'transaction.search'],
  }
  await hub.admin.call('PATCH', `/merchants/${hub.merchantId}`, { plan: 'gold', in_flight: 100 })
  await hub.admin.call('POST', '/clients', {
    ...{ ...about, name: 'Ledgerline Bookkeeping', grants: ['code'] },
    redirect_uris: ['https://app.ledgerline.example/oauth/back'],
  })
  const { body } = await hub.admin.call('POST', '/clients', {
    ...{ ...about, name: 'Nightly reconciliation', grants: ['client_credentials', 'code'] },
    redirect_uris: ['https://reconcile.aurora.example/back', 'http://localhost:8400/back'],
  })
  const id = String(body['client_id'])
  const answer = await fetch(`${hub.url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${String(body['client_secret'])}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
  })
  const { access_token: secret }: { access_token?: string } = Object(await answer.json())
  if (secret === undefined) throw new Error(`no token: ${answer.status}`)
  const host = 'api.flintn.com'
  for (let i = 0; i < 40; i++)
    await sendBearer(hub.gatewayPort, { host, path: `/v1/transactions/${i}`, secret })
  for (let i = 0; i < 3; i++) await sendBearer(hub.gatewayPort, { host, path: '/v1/exports/1/gone', secret })
  return id
}

interface Session {
  readonly hub: HubProgram
  readonly data: Shown
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
