// A code or refresh token that is used, and all that is made for it, are one transaction: a connection that is lost at any step
// of it has used up nothing, ended nothing and left nothing.

import * as client from 'openid-client'
import t from 'tap'
import { authorize, begin, codeClient, discover, errorOf, granted } from './flow.ts'
import { whileLosing } from './losing.ts'
import { startOauthProgram } from './server-program.ts'

t.setTimeout(120_000)

/** Where the database ends the connection. */
const steps = {
  'the old one is used up': 'BEFORE UPDATE OF consumed_at ON oauth_artifact FOR EACH ROW',
  'the refresh token is kept':
    "BEFORE INSERT ON oauth_artifact FOR EACH ROW WHEN (NEW.model = 'RefreshToken')",
  'the access token is made': 'BEFORE INSERT ON access_token FOR EACH ROW',
} as const

/** Of an answer that a certified client does not take for one. */
async function statusOf(asked: Promise<unknown>): Promise<number> {
  const error: unknown = await asked.catch((thrown: unknown) => thrown)
  return Number(Object(Object(error).cause).status)
}

void t.test('a connection that is lost within an exchange', async (t) => {
  const program = await startOauthProgram(t)
  const { db } = program
  const rows = async () => {
    const [row] = await db.query<{ text: string }>(
      `SELECT (SELECT count(*) FROM access_token) || ' ' || (SELECT count(*) FROM oauth_artifact) || ' ' ||
         (SELECT count(*) FROM oauth_artifact WHERE consumed_at IS NOT NULL) || ' ' ||
         (SELECT count(*) FROM oauth_grant WHERE ended_at IS NOT NULL) AS text`,
    )
    return row?.text
  }

  for (const step of [
    'the old one is used up',
    'the refresh token is kept',
    'the access token is made',
  ] as const) {
    await t.test(`where ${step}`, async (t) => {
      const config = await discover(program, await program.makeClient(codeClient))
      const { url, verifier, state } = await begin(config)
      const back = await granted(program, url)
      const exchange = () =>
        client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state })
      const before = await rows()
      await whileLosing(db, steps[step], async () => {
        t.equal(await statusOf(exchange()), 503, 'a code')
      })
      t.equal(await rows(), before)
      const first = await exchange()

      const refresh = () => client.refreshTokenGrant(config, first.refresh_token ?? '')
      const held = await rows()
      await whileLosing(db, steps[step], async () => {
        t.equal(await statusOf(refresh()), 503, 'a refresh token')
        t.equal(await statusOf(refresh()), 503, 'and again')
      })
      t.equal(await rows(), held)
      t.ok((await client.tokenIntrospection(config, first.access_token)).active)
      const second = await refresh()
      t.ok((await client.tokenIntrospection(config, second.access_token)).active)
    })
  }

  await t.test('refreshes of many grants at once disturb none of them', async (t) => {
    const config = await discover(program, await program.makeClient(codeClient))
    const made = await Promise.all([1, 2, 3, 4].map(() => authorize(program, config)))
    const outcomes = await Promise.all(
      made.map(({ refresh_token: token = '' }) => errorOf(client.refreshTokenGrant(config, token))),
    )
    t.same(outcomes, ['none', 'none', 'none', 'none'])
  })
})
