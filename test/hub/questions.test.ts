// What a page asks the API for does not grow with its rows: with twice as many of everything each page asks the same questions.

import t from 'tap'
import type { Page } from 'playwright-core'
import { addActivity } from '../../src/store/activity/activity-table.ts'
import { createPostgres } from '../../src/store/postgres.ts'
import { openPage, signIn, startChromium } from './browser.ts'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { type HubProgram, startHub } from './people.ts'

t.setTimeout(120_000)

const rows = 4

const paths = (merchantId: string): readonly string[] => [
  '/developers',
  '/developers/activity',
  '/developers/requests',
  '/developers/webhooks',
  '/developers/oauth',
  `/team?merchant=${merchantId}`,
  '/operator/merchants',
  `/operator/merchants/${merchantId}`,
  '/operator/operators',
  '/operator/audit',
  '/operator/health',
  '/operator/instances',
  '/operator/routes',
  '/operator/deny',
]

async function start(t: Parameters<typeof startHub>[0]): Promise<HubProgram> {
  const controlPort = await freePort()
  return startHub(t, {
    ...{ controlPort, control: `, public_url: "http://localhost:${controlPort}"`, api: '    oauth: {}' },
  })
}

/** So many more rows on each page, each of another merchant. */
async function addRows(hub: HubProgram, from: number): Promise<void> {
  const { admin, databaseUrl } = hub
  const ids: string[] = []
  const make = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await admin.call('POST', path, body)
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer.body
  }
  for (let i = from; i < from + rows; i++) {
    const merchant = await admin.makeMerchant(`Shop ${i}`)
    ids.push((await admin.makeKey(merchant, { name: `Till ${i}` })).id)
    const about = { api: 'flintn', environment: 'live', permissions: ['transaction.read'] }
    const program = { ...about, name: `Books ${i}`, merchant_id: merchant, grants: ['client_credentials'] }
    ids.push(String((await make('/clients', program))['client_id']))
    await make('/webhooks', { url: `https://hooks.example/${i}`, events: ['*'], merchant_id: merchant })
    await make('/deny', { kind: 'client', value: `203.0.113.${i}` })
    await make('/operators', { email: `op${i}@flintn.test` })
    await make(`/merchants/${hub.merchantId}/invitations`, { email: `m${i}@aurora.test`, role: 'viewer' })
  }
  const db = createPostgres({ url: databaseUrl, applicationName: 'latchkey-test' })
  const minuteMs = Math.floor(Date.now() / 60_000) * 60_000 - 60_000
  const of = { secretId: 's', api: 'flintn', environment: 'live', outcome: 'allow', lastUsedAtMs: null }
  const used = { ...of, minuteMs, route: 'GET /v1/transactions/{id}' }
  const counts = ids.map((keyId, index) => ({ ...used, keyId, count: 100 - 10 * from - index }))
  await addActivity(db, { id: `seed-${from}`, counts })
  await db.close()
}

const times = ['since', 'until', 'from', 'to']

/** What was asked while the page came up: repeats of a question, which come by the clock, count once. */
async function questionsOf(page: Page, path: string): Promise<readonly string[]> {
  const asked = new Set<string>()
  let lastAt = Date.now()
  const note = (request: { url(): string; method(): string }): void => {
    const { pathname, searchParams } = new URL(request.url())
    if (!/^\/(?:admin|hub)\/v1\//.test(pathname)) return
    for (const name of times) searchParams.delete(name)
    asked.add(`${request.method()} ${pathname}?${searchParams.toString()}`)
    lastAt = Date.now()
  }
  page.on('request', note)
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.locator('.skeleton').first().waitFor({ state: 'detached' })
  while (Date.now() - lastAt < 300) await page.waitForTimeout(50)
  page.off('request', note)
  return [...asked].toSorted()
}

t.test('a page asks as much of twice as many rows', async (t) => {
  const hub = await start(t)
  const browser = await startChromium(t)
  const { page, faults } = await openPage(browser, hub.url)
  await signIn(page, hub.operator)
  const ask = async (): Promise<Record<string, readonly string[]>> => {
    const found: Record<string, readonly string[]> = {}
    for (const path of paths(hub.merchantId)) found[path] = await questionsOf(page, path)
    return found
  }
  await addRows(hub, 0)
  const few = await ask()
  await addRows(hub, rows)
  const many = await ask()
  for (const [path, questions] of Object.entries(many)) t.same(questions, few[path], path)
  t.same(faults, [])

  for (const [path, names] of [
    ['/developers', ['Shop 0', 'Till 7']],
    ['/developers/oauth', ['Shop 0', 'Books 7']],
    ['/developers/activity', ['Till 3', 'Books 3']],
  ] as const) {
    await page.goto(path)
    for (const name of names) await page.getByText(name).first().waitFor()
  }
})
