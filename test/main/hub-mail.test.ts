// Contract 9.2: an invitation and a forgotten password, by mail, with the whole program.

import { appendFile } from 'node:fs/promises'
import t from 'tap'
import { createEmptyDatabase } from '../support/database.ts'
import { linkIn, startMailServer } from '../support/mail-server.ts'
import { adminToken, latchkey, secrets, until, untilReady, writeConfig } from './process.ts'

const password = 'correct horse battery'

void t.test(
  'who is invited by mail joins by its link, and gets in again who has forgotten the password',
  async (t) => {
    const { url } = await createEmptyDatabase(t)
    const mail = await startMailServer(t)
    const file = await writeConfig(t, { postgres: url })
    await appendFile(
      file,
      `hub: { mail: { from: "Acme <no-reply@hub.test>", smtp: "smtp://127.0.0.1:${mail.port}" } }\n`,
    )
    const running = latchkey(t, ['start', '--config', file], secrets)
    const { control } = await untilReady(running)

    async function post(path: string, body: object) {
      const response = await fetch(`http://127.0.0.1:${control}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(path.startsWith('/admin') && { authorization: `Bearer ${adminToken}` }),
        },
        body: JSON.stringify(body),
      })
      return { status: response.status, body: { ...Object(await response.json()) } }
    }

    async function mailed(count: number): Promise<string> {
      await until(() => mail.received.length === count)
      return mail.received.at(-1) ?? ''
    }
    const tokenIn = (text: string) => linkIn(text).split('#')[1] ?? ''

    const merchant = await post('/admin/v1/merchants', { name: 'Acme "Ltd"' })
    const invited = { email: 'bo@x.test', role: 'admin' }
    const made = await post(`/admin/v1/merchants/${merchant.body.id}/invitations`, invited)
    t.match(made, { status: 201, body: { mail: 'queued' } })
    const invitation = await mailed(1)
    t.match(invitation, /^Envelope-To: bo@x\.test/)
    t.match(linkIn(invitation), /\/invitation#lk_lnk_/)
    const joined = await post('/hub/v1/invitations/accept', { token: tokenIn(invitation), password })
    t.match(joined, { status: 200, body: { merchant: { id: merchant.body.id }, role: 'admin' } })
    t.equal((await post('/hub/v1/session', { email: 'bo@x.test', password })).status, 200)
    // The one that the static token was shown opens nothing any more.
    const shown = String(made.body.link.url).split('#')[1]
    t.equal((await post('/hub/v1/links', { token: shown })).status, 410)

    t.equal((await post('/hub/v1/password/reset', { email: 'nobody@x.test' })).status, 202)
    t.equal((await post('/hub/v1/password/reset', { email: 'bo@x.test' })).status, 202)
    const reset = await mailed(2)
    t.match(linkIn(reset), /\/set-password#lk_lnk_/)
    const next = { token: tokenIn(reset), password: 'another horse battery' }
    t.equal((await post('/hub/v1/password', next)).status, 200)
    t.match(await mailed(3), /was changed/)
    t.equal((await post('/hub/v1/session', { email: 'bo@x.test', password })).status, 401)
    t.notMatch(running.stdout() + running.stderr(), /lk_lnk_|lk_ses_|horse/)
    const metrics = async () => (await fetch(`http://127.0.0.1:${control}/metrics`)).text()
    await until(async () => /^latchkey_mail_sent_total 3$/m.test(await metrics()))
  },
)
