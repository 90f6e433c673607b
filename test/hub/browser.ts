// A browser as a person has one, and what must never be seen in it: a request to another origin, something that the page's
// policy forbids, an error that nobody caught.

import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findChromium } from '../company/browser/chromium.ts'
import type { Person } from './people.ts'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

// Without these it asks for hosts of its maker's.
const flags = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
]

/** Starts one; ended with the test. */
export async function startChromium(t: Teardown): Promise<Browser> {
  const { file, env } = await findChromium()
  const browser = await chromium.launch({
    executablePath: file,
    args: flags,
    env: { ...(process.env as Record<string, string>), ...(env as Record<string, string>) },
  })
  t.teardown(() => browser.close())
  return browser
}

export interface Watched {
  readonly page: Page
  /** What should not have been, so far. */
  readonly faults: string[]
}

// As text: its world is not that of Node.
const reportViolations = `document.addEventListener('securitypolicyviolation', (event) =>
  window.reportViolation([event.violatedDirective, event.blockedURI, event.sourceFile, event.lineNumber].join(' ')))`

const patienceMs = 30_000

/** A page of its own, with no cookies. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    ...{ baseURL: url, viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', locale: 'en-GB' },
    ...options,
  })
  context.setDefaultTimeout(patienceMs)
  const faults: string[] = []
  await context.exposeBinding('reportViolation', (_source, text: string) => {
    faults.push(`forbidden by the page's policy: ${text}`)
  })
  await context.addInitScript(reportViolations)
  const page = await context.newPage()
  page.on('request', (request) => {
    const address = request.url()
    if (!address.startsWith(`${url}/`) && !/^(?:blob|data):/.test(address)) faults.push(`asks for ${address}`)
  })
  page.on('pageerror', (error) => faults.push(`error: ${error.stack ?? error.message}`))
  return { page, faults }
}

/** Signs in, and waits for the first page. */
export async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'API Keys', level: 1 }).waitFor()
}

/** Signs out, and waits for the form. */
export async function signOut(page: Page, { email }: Person): Promise<void> {
  await page.getByRole('button', { name: `Account: ${email}` }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
}
