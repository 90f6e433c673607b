// Contract 9.8: `latchkey login` from one end to the other, with the program, the hub in a real browser, and a command line in a process
// of its own.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import t from 'tap'
import { mainProgram } from '../support/process.ts'
import { openPage, startChromium } from './browser.ts'
import { startHub } from './people.ts'

t.setTimeout(300_000)

interface Teardown {
  teardown(fn: () => unknown): unknown
}

/** A command line without a token. */
function commandLine(t: Teardown, env: Readonly<Record<string, string>>, ...words: string[]) {
  const child = spawn(process.execPath, [mainProgram, ...words], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill())
  let said = ''
  let out = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said += piece))
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  const ended = once(child, 'close').then(([code]: unknown[]) => ({ code, stdout: out, stderr: said }))
  /** As it shows it. */
  async function code(): Promise<string> {
    for (;;) {
      const [shown] = /\b[A-Z]{4}-[A-Z]{4}\b/.exec(said) ?? []
      if (shown !== undefined) return shown
      if (child.exitCode !== null) throw new Error(said)
      await Promise.race([once(child.stderr, 'data'), ended])
    }
  }
  return { ended, code }
}

t.test('who runs it types its code in the hub, sees who asks, and allows or refuses it', async (t) => {
  const hub = await startHub(t)
  const browser = await startChromium(t)
  const { page, faults } = await openPage(browser, hub.url)
  const folder = t.testdir()
  const env = { XDG_CONFIG_HOME: folder, LATCHKEY_ADMIN_URL: `http://127.0.0.1:${hub.controlPort}` }

  const login = commandLine(t, env, 'login', '--name', 'mia@desk')
  const code = await login.code()
  await page.goto('/device')
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor()
  await page.getByLabel('E-mail address').fill(hub.member.email)
  await page.getByLabel('Password', { exact: true }).fill(hub.member.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Type a code' }).waitFor()
  await page.getByLabel('Code').fill('bbbb bbbb')
  await page.keyboard.press('Enter')
  await page.getByText('No program waits with this code').waitFor()
  await page.getByLabel('Code').fill(` ${code.toLowerCase()} `)
  await page.keyboard.press('Enter')
  await page.getByText('mia@desk').waitFor()
  await page.getByText('127.0.0.1').waitFor()
  await page.getByText(`whatever ${hub.member.email} may do`).waitFor()
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  t.same(
    violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id),
    [],
  )
  await page.getByRole('button', { name: 'Allow' }).click()
  await page.getByText('The command line is signed in').waitFor()
  t.match(await login.ended, { code: 0, stdout: /^Signed in at http:\S+ as mia@aurora\.test until / })
  t.match(await commandLine(t, env, 'merchants', 'list').ended, { code: 0, stdout: /Aurora Coffee/ })
  t.match(await commandLine(t, env, 'instances').ended, { code: 1, stderr: /\[FORBIDDEN\]/ })
  await page.goto('/account')
  await page.getByText('latchkey login, mia@desk').waitFor()

  const other = { ...env, XDG_CONFIG_HOME: join(folder, 'other') }
  const refused = commandLine(t, other, 'login')
  await page.goto('/device')
  await page.getByLabel('Code').fill(await refused.code())
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('button', { name: 'Refuse' }).click()
  await page.getByText('It was refused').waitFor()
  t.match(await refused.ended, { code: 1, stderr: /nobody has allowed it/ })

  t.match(await commandLine(t, env, 'logout').ended, { code: 0, stdout: /is signed out/ })
  t.notMatch(await readFile(join(folder, 'latchkey', 'logins.json'), 'utf8'), 'lk_cli_')
  t.match(await commandLine(t, env, 'merchants', 'list').ended, { code: 2 })
  t.same(faults, [])
})
