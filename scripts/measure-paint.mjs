// When a browser first paints something of each of the hub's pages, and when all that it asks for is there, in milliseconds: of a hub over a
// database of `scripts/seed.mjs`, each page in a context of its own that has nothing in its cache.
// `LATCHKEY_URL=http://localhost:8081 LATCHKEY_EMAIL=… LATCHKEY_PASSWORD=… node scripts/measure-paint.mjs [times]`
import process from 'node:process'
import { chromium } from 'playwright-core'
import { findChromium } from '../build/test/company/browser/chromium.js'

const { LATCHKEY_URL: url, LATCHKEY_EMAIL: email, LATCHKEY_PASSWORD: password } = process.env
if (!url || !email || !password)
  throw new Error('LATCHKEY_URL, LATCHKEY_EMAIL and LATCHKEY_PASSWORD are to be set')
const times = Number(process.argv[2] ?? 3)

const pages = [
  '/sign-in',
  '/developers',
  '/developers/new',
  '/developers/activity?range=90d',
  '/developers/requests',
  '/developers/webhooks',
  '/developers/oauth',
  '/docs/permissions',
  '/docs/errors',
  '/team',
  '/account',
  '/operator/merchants',
  '/operator/operators',
  '/operator/audit',
  '/operator/instances',
  '/operator/routes',
  '/operator/deny',
  '/operator/health',
]

const { file, env } = await findChromium()
const browser = await chromium.launch({
  ...{ executablePath: file, args: ['--no-sandbox', '--disable-gpu'], env: { ...process.env, ...env } },
})
const state = await signIn()
const keyId = await firstKey()
console.log('| page | first paint, least and most | all there |\n|---|---:|---:|')
for (const path of [...pages, ...(keyId === null ? [] : [`/developers/keys/${keyId}`])]) {
  const paints = []
  const wholes = []
  for (let i = 0; i < times; i++) {
    const context = await browser.newContext({
      baseURL: url,
      ...(path === '/sign-in' ? {} : { storageState: state }),
    })
    const page = await context.newPage()
    const begin = performance.now()
    const answer = await page.goto(path, { waitUntil: 'networkidle' })
    if (answer?.status() !== 200) throw new Error(`${path}: ${answer?.status()}`)
    // That nothing is asked for any more is known half a second later.
    wholes.push(performance.now() - begin - 500)
    paints.push(
      await page.evaluate(
        () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      ),
    )
    await context.close()
  }
  const paint = `${Math.min(...paints).toFixed(0)} to ${Math.max(...paints).toFixed(0)}`
  console.log(`| ${path.replace(/key_\w+/, 'KEY')} | ${paint} | ${Math.min(...wholes).toFixed(0)} |`)
}
await browser.close()

async function signIn() {
  const context = await browser.newContext({ baseURL: url })
  const page = await context.newPage()
  await page.goto('/sign-in')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'API Keys', level: 1 }).waitFor()
  const kept = await context.storageState()
  await context.close()
  return kept
}

async function firstKey() {
  const context = await browser.newContext({ baseURL: url, storageState: state })
  const { data } = await (await context.request.get('/admin/v1/keys?limit=1')).json()
  await context.close()
  return data[0]?.id ?? null
}
