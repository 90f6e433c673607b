// How people come into their accounts and keep them safe, in a real browser: the link that sets a password, a second factor, a
// passkey (of Chromium's own authenticator in software), another provider, and the sessions there are.

import { Secret, TOTP } from 'otpauth'
import type { Browser, Page } from 'playwright-core'
import t from 'tap'
import { freePort } from '../../src/store/embedded/postmaster.ts'
import { client, startIssuer } from '../control/people/oidc/issuer.ts'
import { seriousFaults } from './axe.ts'
import { openPage, signIn, signOut, startChromium, type Watched } from './browser.ts'
import { invite, type Person, startHub } from './people.ts'

t.setTimeout(300_000)

async function openAccount(browser: Browser, url: string, person: Person): Promise<Watched> {
  const watched = await openPage(browser, url)
  await signIn(watched.page, person)
  await watched.page.goto('/account')
  await watched.page.getByRole('heading', { name: 'Authenticator app' }).waitFor()
  return watched
}

/** Types what stands in the form of sign-in. */
async function fillSignIn(page: Page, { email, password }: Person): Promise<void> {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
}

t.test('in an account', async (t) => {
  const controlPort = await freePort()
  const url = `http://localhost:${controlPort}`
  const issuer = await startIssuer(t, `${url}/hub/v1/oidc/callback`)
  const oidc = `{ name: Okta, issuer: "${issuer.url}", client_id: ${client.id}, client_secret: "${client.secret}" }`
  const hub = await startHub(t, { controlPort, sections: `hub: { oidc: [${oidc}] }` })
  const browser = await startChromium(t)
  const { merchantId } = hub
  const newMember = (name: string): Promise<Person> =>
    invite(hub, url, { merchantId, email: `${name}@aurora.test`, role: 'admin' })

  await t.test('an operator sets a password by a link that works once', async (t) => {
    const { body } = await hub.admin.call('POST', '/operators', { email: 'otto@flintn.test' })
    const { url: link }: { url?: string } = Object(body['link'])
    const token = link?.split('#')[1] ?? ''
    const watched = await openPage(browser, url)
    const { page, faults } = watched
    await page.goto(`/set-password#${token}`)
    await page.getByText('For otto@flintn.test.').waitFor()
    t.equal(page.url().includes(token), false, 'the token goes from the address')
    t.same(await seriousFaults(page), [])
    const field = page.getByLabel('Password', { exact: true })
    await field.fill('too short')
    await page.getByRole('button', { name: 'Set the password' }).click()
    t.equal(await page.locator('input:invalid').count(), 1, 'the browser says so')
    const person = { email: 'otto@flintn.test', password: 'a password that is long' }
    await field.fill(person.password)
    await page.getByRole('button', { name: 'Set the password' }).dblclick()
    await page.getByText('Your password is set.').waitFor()
    await signIn(page, person)
    await page.getByRole('link', { name: 'Merchants' }).waitFor()
    await page.goto(`/set-password#${token}`)
    await page.getByRole('heading', { name: 'This link does not work' }).waitFor()
    t.same(faults, [])
  })

  await t.test('a second factor is set up, asked for, and a recovery code stands in for it', async (t) => {
    const person = await newMember('toni')
    const { page, faults } = await openAccount(browser, url, person)
    await page.getByRole('button', { name: 'Set up' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Set up' }).click()
    const secret = (await dialog.getByLabel('Secret', { exact: true }).textContent()) ?? ''
    t.match(await dialog.getByRole('link', { name: 'Open in the app' }).getAttribute('href'), /^otpauth:/)
    t.same(await seriousFaults(page), [])
    const app = new TOTP({ secret: Secret.fromBase32(secret) })
    const right = app.generate()
    await dialog.getByLabel('Code').fill(right === '000000' ? '111111' : '000000')
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.getByText('That is not the code of this moment.').waitFor()
    await dialog.getByLabel('Code').fill(app.generate())
    await dialog.getByRole('button', { name: 'Confirm' }).click()
    await dialog.getByRole('button', { name: 'I have stored them' }).waitFor()
    const [recovery = '', ...others] = (await dialog.locator('pre').textContent())?.split('\n') ?? []
    t.equal(others.length, 9)
    await page.keyboard.press('Escape')
    t.equal(await dialog.count(), 1, 'they are shown once, and not by mistake taken away')
    await dialog.getByRole('button', { name: 'I have stored them' }).click()
    await page.getByText('10 recovery codes are left').waitFor()
    t.equal((await page.content()).includes(recovery), false)

    await signOut(page, person)
    await fillSignIn(page, person)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('E-mail address, password or code is wrong.').waitFor()
    await page.getByRole('button', { name: 'I have a code' }).click()
    await page.getByLabel('Code from your authenticator app').fill(recovery)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByRole('heading', { name: 'API Keys', level: 1 }).waitFor()
    await page.goto('/account')
    await page.getByText('9 recovery codes are left').waitFor()
    await page.getByRole('button', { name: 'Turn off' }).click()
    await dialog.getByRole('button', { name: 'Turn off' }).click()
    await page.getByText('Off.', { exact: true }).waitFor()
    t.same(faults, [])
  })

  await t.test('a passkey is added, signs in, and is removed', async (t) => {
    const person = await newMember('pia')
    const { page, faults } = await openAccount(browser, url, person)
    const device = await page.context().newCDPSession(page)
    await device.send('WebAuthn.enable')
    const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true } as const
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: { ...options, hasUserVerification: true, isUserVerified: true },
    })
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Laptop')
    t.same(await seriousFaults(page), [])
    await dialog.getByRole('button', { name: 'Add a passkey' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Laptop').waitFor()
    // The same device once more: the browser says that it has one.
    await page.getByRole('button', { name: 'Add a passkey' }).click()
    await dialog.getByLabel('Name').fill('Again')
    await dialog.getByRole('button', { name: 'Add a passkey' }).click()
    await dialog.getByText('This device has a passkey for this account already.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()

    await signOut(page, person)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('button', { name: `Account: ${person.email}` }).waitFor()
    await page.goto('/account')
    await page.getByRole('button', { name: 'Remove' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('None yet.').waitFor()

    await signOut(page, person)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('The passkey was not accepted.').waitFor()
    t.same(faults, [])
  })

  await t.test('another provider signs in who has an account, and nobody else', async (t) => {
    const person = await newMember('oda')
    const { page, faults } = await openPage(browser, url)
    issuer.account = { sub: 'stranger', email: 'stranger@elsewhere.test', email_verified: true }
    await page.goto('/sign-in')
    const button = page.getByRole('button', { name: 'Sign in with Okta' })
    await button.click()
    await page.getByText('The other service did not sign you in').waitFor()
    t.same(await seriousFaults(page), [])
    await page.context().clearCookies()
    issuer.account = { sub: 'oda', email: person.email, email_verified: true }
    await page.goto('/sign-in?to=%2Fteam')
    await button.click()
    await page.getByRole('button', { name: `Account: ${person.email}` }).waitFor()
    t.same(
      faults.filter((fault) => !fault.startsWith(`asks for ${issuer.url}/`)),
      [],
    )
  })

  await t.test('sessions are listed and ended; another password ends all others', async (t) => {
    const person = await newMember('sam')
    const [here, there, third] = [
      await openAccount(browser, url, person),
      await openAccount(browser, url, person),
      await openAccount(browser, url, person),
    ]
    const { page, faults } = here
    await page.reload()
    const rows = page.getByRole('listitem').filter({ hasText: 'Chrome on' })
    await rows.nth(2).waitFor()
    t.equal(await rows.filter({ hasText: 'This session' }).count(), 1)
    t.same(await seriousFaults(page), [])
    await page.getByRole('button', { name: 'End', exact: true }).first().click()
    await rows.nth(2).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'End all others' }).click()
    await rows.nth(1).waitFor({ state: 'detached' })
    for (const other of [there, third]) {
      await other.page.goto('/team')
      await other.page.getByText('You were signed out').waitFor()
    }
    await signIn(third.page, person)

    await page.getByLabel('Current password').fill('not the password')
    await page.getByLabel('New password').fill('another password, longer')
    await page.getByRole('button', { name: 'Change password' }).click()
    await page.getByText('That is not your current password.').waitFor()
    await page.getByLabel('Current password').fill(person.password)
    await page.getByRole('button', { name: 'Change password' }).dblclick()
    await page.getByText('Your password is changed').waitFor()
    await third.page.goto('/team')
    await third.page.getByText('You were signed out').waitFor()
    // The page goes on with the session that it was given in the place of the old one.
    await page.getByRole('link', { name: 'Team' }).click()
    await page.getByRole('heading', { name: 'Team', level: 1 }).waitFor()
    await signOut(page, person)
    await signIn(page, { ...person, password: 'another password, longer' })
    t.same([...faults, ...there.faults, ...third.faults], [])
  })

  await t.test('mails about keys are refused, and it stays so', async (t) => {
    const person = await newMember('nora')
    const { page, faults } = await openAccount(browser, url, person)
    const wanted = page.getByLabel('Send me these mails')
    await wanted.waitFor()
    t.equal(await wanted.isChecked(), true)
    await wanted.click()
    await page.locator('input[type=checkbox]:enabled:not(:checked)').waitFor()
    await page.reload()
    await wanted.waitFor()
    t.equal(await wanted.isChecked(), false)
    t.same(faults, [])
  })
})
