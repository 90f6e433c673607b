// Contract 9: OpenID Connect, against a real provider.

import t from 'tap'
import type { OidcSettings } from '../../../../src/config/hub-compiled.ts'
import { createSubject } from '../../subject.ts'
import { makePerson, origin } from '../people.ts'
import { send } from '../factors/hub-call.ts'
import { client, type Account, startIssuer } from './issuer.ts'

const callback = `${origin}/hub/v1/oidc/callback`

async function setUp(t: Parameters<typeof createSubject>[0], operators: OidcSettings['operators'] = null) {
  const issuer = await startIssuer(t, callback)
  const settings = { id: 'okta', name: 'Okta', issuer: issuer.url, clientId: client.id, operators }
  const subject = await createSubject(t, {
    hub: {
      ...{
        publicUrl: origin,
        path: '',
        sessions: { idleMs: 3_600_000, absoluteMs: 7_200_000, commandLineMs: 3_600_000 },
        sendsMail: false,
      },
      ...{ mailQueued: () => undefined, pages: null },
      oidc: [{ ...settings, clientSecret: client.secret }],
    },
  })
  const begin = async () => {
    const begun = await send(subject, 'POST /oidc/okta', { body: {} })
    const cookie = String(begun.headers['set-cookie']).split(';')[0] ?? ''
    return { begun, cookie, url: String(begun.body['url']) }
  }
  const comeBack = async (url: string, cookie: string) => {
    const { pathname, search } = new URL(url)
    const back = await send(subject, `GET ${pathname.replace('/hub/v1', '')}${search}`, {
      headers: { cookie },
    })
    const cookies = [back.headers['set-cookie']].flat().map(String)
    const session = cookies.find((one) => one.startsWith('latchkey-session='))?.split(';')[0]
    return { ...back, cookies, session }
  }
  /** There and back. */
  const signIn = async (account: Account) => {
    issuer.account = account
    const { cookie, url } = await begin()
    return comeBack(await issuer.visit(url), cookie)
  }
  const whoIs = async (session: string | undefined) =>
    (await send(subject, 'GET /session', { headers: { cookie: session ?? '' } })).body
  return { subject, issuer, begin, comeBack, signIn, whoIs }
}

const groups = { claim: 'groups', value: 'latchkey-operators', role: 'support' } as const

void t.test('a member with a verified address signs in to the account there is', async (t) => {
  const { subject, signIn, whoIs } = await setUp(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  const id = await makePerson(subject.db, { email: 'bo@acme.test', roles: { [merchant]: 'admin' } })
  const back = await signIn({ sub: 'one', email: 'Bo@Acme.test', email_verified: true })
  t.match(back, { status: 303, headers: { location: '/' } })
  t.match(await whoIs(back.session), { user: { id, kind: 'member', merchants: [{ role: 'admin' }] } })
  t.match(back.cookies, [/^latchkey-oidc=; .*Max-Age=0/, /HttpOnly; SameSite=Strict/])
  const sessions = await send(subject, 'GET /account/sessions', { headers: { cookie: back.session ?? '' } })
  t.match(sessions.body['data'], [{ proofs: ['oidc'] }])
  t.match((await subject.call('GET', `/audit?target=${id}&action=member.oidc_link`)).body['data'], [
    { action: 'member.oidc_link', actor: 'bo@acme.test' },
  ])
  // From then on it is the subject that counts.
  t.match(await whoIs((await signIn({ sub: 'one' })).session), { user: { id } })
})

void t.test('nobody gets in by an address that is not verified, not theirs, or nobody’s', async (t) => {
  const { subject, signIn } = await setUp(t)
  const merchant = String((await subject.call('POST', '/merchants', { name: 'Acme' })).body['id'])
  await makePerson(subject.db, { email: 'bo@acme.test', roles: { [merchant]: 'admin' } })
  const refused: readonly (readonly [Account, string])[] = [
    [{ sub: 'a', email: 'bo@acme.test' }, 'oidc_no_email'],
    [{ sub: 'a', email: 'bo@acme.test', email_verified: false }, 'oidc_no_email'],
    [{ sub: 'a', email: 'bo@acme.test', email_verified: 'true' }, 'oidc_no_email'],
    [{ sub: 'a' }, 'oidc_no_email'],
    [{ sub: 'a', email: 'not an address', email_verified: true }, 'oidc_no_email'],
    [{ sub: 'a', email: 'stranger@acme.test', email_verified: true }, 'unknown_account'],
  ]
  for (const [account, reason] of refused) {
    const back = await signIn(account)
    t.match(back, { status: 303, headers: { location: '/sign-in?error=oidc' }, session: undefined }, reason)
    t.match(subject.logged.at(-1), `"reason":"${reason}"`)
  }
  t.equal(
    (await signIn({ sub: 'one', email: 'bo@acme.test', email_verified: true })).headers['location'],
    '/',
  )
  // The address has gone on to somebody else at the provider.
  t.equal((await signIn({ sub: 'two', email: 'bo@acme.test', email_verified: true })).session, undefined)
  t.match(subject.logged.join('\n'), 'oidc_other_subject')
  t.same(await subject.db.query('SELECT count(*)::integer AS n FROM person'), [{ n: 1 }])
})

void t.test('an operator needs the claim, each time', async (t) => {
  const { subject, signIn, whoIs } = await setUp(t, groups)
  await makePerson(subject.db, { email: 'ann@x.test', operator: 'admin' })
  const ann = { sub: 'ann', email: 'ann@x.test', email_verified: true }
  t.equal((await signIn({ ...ann, groups: ['others'] })).session, undefined)
  const back = await signIn({ ...ann, groups: ['others', 'latchkey-operators'] })
  t.match(await whoIs(back.session), { user: { kind: 'operator', role: 'admin' } })
  t.equal((await signIn({ ...ann, groups: [] })).session, undefined)
  t.match(subject.logged.join('\n'), 'oidc_no_operator')
})

void t.test(
  'who has the claim and no account becomes an operator of the role that is configured',
  async (t) => {
    const { subject, signIn, whoIs } = await setUp(t, groups)
    const cy = { sub: 'cy', email: 'cy@x.test', email_verified: true, groups: ['latchkey-operators'] }
    const user = { kind: 'operator', role: 'support', email: 'cy@x.test' }
    const back = await signIn(cy)
    t.match(await whoIs(back.session), { user })
    t.match(await whoIs((await signIn(cy)).session), { user })
    const { body } = await subject.call('GET', '/operators')
    t.match(body['data'], [{ email: 'cy@x.test', role: 'support', status: 'active' }])
    const id = String(Object(body['data'])[0].id)
    await subject.call('POST', `/operators/${id}/disable`)
    t.equal((await signIn(cy)).session, undefined)
  },
)

void t.test('without `operators` no operator comes by the provider', async (t) => {
  const { subject, signIn } = await setUp(t)
  await makePerson(subject.db, { email: 'ann@x.test', operator: 'admin' })
  const ann = { sub: 'ann', email: 'ann@x.test', email_verified: true, groups: ['latchkey-operators'] }
  t.equal((await signIn(ann)).session, undefined)
})

void t.test('whoever comes back is the browser that went, once, and in time', async (t) => {
  const { subject, issuer, begin, comeBack } = await setUp(t, groups)
  issuer.account = { sub: 'cy', email: 'cy@x.test', email_verified: true, groups: ['latchkey-operators'] }
  const way = async () => {
    const { cookie, url } = await begin()
    return { cookie, back: await issuer.visit(url) }
  }
  const victim = await begin()
  const { cookie, back } = await way()
  // Somebody is led to an address that another has come back with.
  t.equal((await comeBack(back, '')).session, undefined)
  t.equal((await comeBack(back, victim.cookie)).session, undefined)
  t.equal((await comeBack(back, `${cookie}; ${cookie}`)).session, undefined)
  t.ok((await comeBack(back, cookie)).session)
  t.equal((await comeBack(back, cookie)).session, undefined)
  const late = await way()
  subject.clock.nowMs += 600_000
  t.equal((await comeBack(late.back, late.cookie)).session, undefined)
  const wrong = await way()
  const state = wrong.back.replace(/state=[^&]*/, 'state=other')
  t.equal((await comeBack(state, wrong.cookie)).session, undefined)
  const refused = await way()
  const denied = refused.back.replace(/code=[^&]*/, 'error=access_denied')
  t.equal((await comeBack(denied, refused.cookie)).session, undefined)
})

void t.test(
  'what is sent to the provider has state, nonce and a challenge, and nothing of them is kept',
  async (t) => {
    const { subject, begin } = await setUp(t)
    const { begun, url } = await begin()
    const asked = Object.fromEntries(new URL(url).searchParams)
    t.match(asked, {
      ...{
        response_type: 'code',
        client_id: client.id,
        redirect_uri: callback,
        scope: 'openid email profile',
      },
      ...{
        code_challenge_method: 'S256',
        code_challenge: /^[\w-]{43}$/,
        state: /^[\w-]{43}$/,
        nonce: /^[\w-]{43}$/,
      },
    })
    t.match(
      begun.headers['set-cookie'],
      /^latchkey-oidc=lk_cer_\w+; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax$/,
    )
    const [row] = await subject.db.query<{ all: string }>('SELECT json_agg(c)::text AS all FROM ceremony c')
    for (const name of ['state', 'nonce', 'code_challenge']) t.notMatch(row?.all, asked[name])
    const { headers } = await send(subject, 'GET /sign-in')
    t.equal(headers['cache-control'], 'no-store')
    t.match((await send(subject, 'GET /sign-in')).body, {
      ways: ['password', 'passkey', 'oidc'],
      oidc: [{ id: 'okta', name: 'Okta' }],
    })
  },
)

void t.test('a provider that is away is told of, and asked again', async (t) => {
  const subject = await createSubject(t, {
    hub: {
      ...{
        publicUrl: origin,
        path: '',
        sessions: { idleMs: 3_600_000, absoluteMs: 7_200_000, commandLineMs: 3_600_000 },
        sendsMail: false,
      },
      ...{ mailQueued: () => undefined, pages: null },
      oidc: [
        {
          ...{ id: 'away', name: 'Away', issuer: 'http://127.0.0.1:1', clientId: 'x', clientSecret: 'x' },
          operators: null,
        },
      ],
    },
  })
  for (let times = 0; times < 2; times += 1)
    t.match(await send(subject, 'POST /oidc/away', { body: {} }), {
      ...{ status: 503, body: { error: { code: 'PROVIDER_UNAVAILABLE' } } },
    })
  t.equal((await send(subject, 'POST /oidc/other', { body: {} })).status, 404)
  const foreign = { origin: 'http://evil.test' }
  t.equal((await send(subject, 'POST /oidc/away', { headers: foreign, body: {} })).status, 403)
})
