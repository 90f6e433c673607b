// Calls each route that is for people, or about them, well and badly.

import { Secret, TOTP } from 'otpauth'
import type { Subject } from '../subject.ts'
import { origin } from './people.ts'

interface Seen {
  /** Method and path as documented. */
  readonly name: string
  readonly answer: { readonly status: number; readonly body: Record<string, unknown> }
}

const password = 'correct horse battery'

/** The link's secret in an answer. */
function linkOf(body: Record<string, unknown>): string {
  const { url }: { url?: unknown } = Object(body['link'])
  return String(url).split('#')[1] ?? ''
}

export async function tourOfPeople(subject: Subject, merchant: string): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  let headers: Record<string, string> = {}

  async function admin(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) {
    const answer = await subject.call(method, path, body)
    const documented = path
      .replace(/\?.*/, '')
      .replace(/\/(merchants|operators|members)\/(?:mer|usr)_\w+/, '/$1/{id}')
      .replace(/\/sessions\/ses_\w+/, '/sessions/{id}')
      .replace(/\/members\/usr_\w+/, '/members/{person}')
      .replace(/\/invitations\/inv_\w+/, '/invitations/{invitation}')
    seen.push({ name: `${method} /admin/v1${documented}`, answer })
    return answer.body
  }

  async function hub(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) {
    const response = await subject.app.inject({
      method,
      url: `/hub/v1${path}`,
      headers,
      ...(body && { payload: body }),
    })
    const answer = { status: response.statusCode, body: response.json<Record<string, unknown>>() }
    seen.push({ name: `${method} /hub/v1${path.replace(/(?:ses|pky)_\w+|\b0123456789$/, '{id}')}`, answer })
    const cookie = String(response.headers['set-cookie'] ?? '').split(';')[0] ?? ''
    const { csrf } = answer.body
    if (cookie !== '' && typeof csrf === 'string') headers = { cookie, origin, 'x-csrf-token': csrf }
    return answer.body
  }

  const operator = await admin('POST', '/operators?wait=all', { email: 'tour@x.test', reason: 'new' })
  await admin('POST', '/operators', { email: 'tour@x.test' })
  await admin('POST', '/operators', { email: 'no address' })
  const id = String(operator['id'])
  await admin('GET', '/operators?email=tour@x.test')
  await admin('PATCH', `/operators/${id}`, { role: 'support' })
  await admin('POST', `/operators/${id}/disable`)
  await admin('POST', `/operators/${id}/link`)
  await admin('POST', `/operators/${id}/enable`)
  await admin('POST', `/operators/${id}/reset-factors`)
  const token = linkOf(await admin('POST', `/operators/${id}/link`))
  await hub('GET', '/sign-in')
  await hub('POST', '/links', { token })
  await hub('POST', '/password', { token, password: 'short' })
  await hub('POST', '/password', { token, password })
  await hub('POST', '/password', { token, password })
  await hub('POST', '/password/reset', { email: 'tour@x.test' })

  const invited = await admin('POST', `/merchants/${merchant}/invitations`, {
    email: 'bo@x.test',
    role: 'viewer',
  })
  await admin('GET', `/merchants/${merchant}/invitations`)
  await hub('POST', '/links', { token: linkOf(invited) })
  await hub('POST', '/invitations/accept', { token: linkOf(invited), password })
  const other = await admin('POST', `/merchants/${merchant}/invitations`, {
    email: 'cy@x.test',
    role: 'admin',
  })
  await admin('DELETE', `/merchants/${merchant}/invitations/${String(other['id'])}`)
  await admin('DELETE', `/merchants/${merchant}/invitations/${String(other['id'])}`)

  await hub('GET', '/session')
  await hub('POST', '/session', { email: 'bo@x.test', password: 'wrong' })
  const signed = await hub('POST', '/session', { email: 'bo@x.test', password })
  const { id: session }: { id?: unknown } = Object(signed['session'])
  await hub('GET', '/session')
  await hub('POST', '/account/password', { current: password, password: 'another horse battery' })
  await hub('GET', '/account/sessions')
  await hub('DELETE', '/account/sessions')
  await hub('DELETE', `/account/sessions/${String(session)}`)
  await hub('GET', '/account/security')
  await hub('GET', '/account/reminders')
  await hub('POST', '/account/reminders', { mail: false })
  await hub('POST', '/account/reminders', { mail: 'no' })
  const begun = await hub('POST', '/account/totp', {})
  await hub('POST', '/account/totp/confirm', { code: '000000' })
  const code = codeOf(String(begun['secret']), subject.clock.nowMs)
  await hub('POST', '/account/totp/confirm', { code })
  await hub('POST', '/account/recovery-codes', {})
  await hub('POST', '/account/totp', {})
  await hub('DELETE', '/account/totp', {})
  await hub('POST', '/account/passkeys/options', {})
  await addPasskeyOf(subject, 'bo@x.test')
  await hub('DELETE', '/account/passkeys/pky_999999999999', {})
  await hub('DELETE', '/account/passkeys/pky_000000000001', {})
  await hub('POST', '/passkey/options', {})
  await tourOfDevice(hub)
  const [own] = rowsOf((await hub('GET', '/account/sessions'))['data'])
  const person = String(rowsOf((await admin('GET', `/merchants/${merchant}/members`))['data'])[0]?.['id'])
  await hub('GET', '/oauth/interactions/0123456789')
  await hub('POST', '/oauth/interactions/0123456789', { decision: 'decline' })
  await hub('DELETE', `/account/sessions/${String(own?.['id'])}`)
  await hub('POST', '/session', { email: 'bo@x.test', password: 'another horse battery' })
  await hub('DELETE', '/session')
  await hub('DELETE', '/session')

  await admin('GET', '/sessions?email=bo@x.test')
  await admin('GET', '/sessions?email=nobody@x.test')
  await hub('POST', '/session', { email: 'bo@x.test', password: 'another horse battery' })
  const [last] = rowsOf((await admin('GET', '/sessions?email=bo@x.test'))['data'])
  await admin('DELETE', `/sessions/${String(last?.['id'])}`)
  await admin('DELETE', `/sessions/${String(last?.['id'])}`)
  await admin('DELETE', '/sessions', { email: 'bo@x.test', reason: 'left' })
  await admin('POST', `/members/${person}/disable`)
  await admin('POST', `/members/${person}/enable`)
  await admin('POST', `/members/${person}/link`)
  await admin('POST', `/members/${person}/reset-factors`)
  await admin('PATCH', `/merchants/${merchant}/members/${person}`, { role: 'admin' })
  await admin('DELETE', `/merchants/${merchant}/members/${person}`)
  await admin('DELETE', `/merchants/${merchant}/members/${person}`)
  return seen
}

/** Of somebody who is signed in. */
async function tourOfDevice(
  hub: (method: 'POST', path: string, body: object) => Promise<Record<string, unknown>>,
): Promise<void> {
  const { device_code, user_code } = await hub('POST', '/device', { name: 'tour' })
  await hub('POST', '/device/token', { device_code })
  await hub('POST', '/device/token', { device_code })
  await hub('POST', '/device/lookup', { user_code })
  await hub('POST', '/device/deny', { user_code: 'BBBB-BBBB' })
  await hub('POST', '/device/deny', { user_code })
  await hub('POST', '/device/token', { device_code })
  const another = await hub('POST', '/device', { name: 'tour' })
  await hub('POST', '/device/approve', { user_code: another['user_code'] })
  const { token } = await hub('POST', '/device/token', { device_code: another['device_code'] })
  await hub('POST', '/device/end', { token })
}

function codeOf(secret: string, timestamp: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp })
}

/** As one whose authenticator has made one. */
async function addPasskeyOf({ db }: Subject, email: string): Promise<void> {
  await db.query(
    `INSERT INTO passkey SELECT 'pky_000000000001', id, 'c', 'x', 0, '{}', 'n', now() FROM person WHERE email = $1`,
    [email],
  )
}

function rowsOf(data: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(data) ? data.map((row: unknown) => ({ ...Object(row) })) : []
}
