// Every step by which a program of others comes to a token, uses it up or gives it back, made ready to be taken, once or again.

import { authorize, begin, codeClient, discover, type MadeClient, redirectUri } from './flow.ts'
import type { Browser } from './browser.ts'
import type { OauthProgram } from './server-program.ts'

/** Who is answered: somebody with a browser, a program, or a page of the hub. */
export type Audience = 'person' | 'program' | 'hub'

export interface StepAnswer {
  readonly status: number
  readonly retryAfter: string | null
  readonly type: string
  readonly text: string
  readonly location: string
  readonly cookies: readonly string[]
}

export interface Step {
  readonly name: string
  readonly audience: Audience
  ask(): Promise<StepAnswer>
  /** Whether it was done. */
  isDone(answer: StepAnswer): boolean
}

const everyGrant = {
  ...codeClient,
  grants: ['code', 'client_credentials', 'device_code'],
}
const html = { accept: 'text/html' }

export async function answerOf(response: Response): Promise<StepAnswer> {
  const { status, headers } = response
  return {
    ...{ status, retryAfter: headers.get('retry-after'), type: headers.get('content-type') ?? '' },
    ...{ location: headers.get('location') ?? '', cookies: headers.getSetCookie() },
    text: await response.text(),
  }
}

const isOk = ({ status }: StepAnswer) => status === 200

/** All of them, none of which was taken. */
export async function makeSteps(program: OauthProgram): Promise<readonly Step[]> {
  const made = await program.makeClient(everyGrant)
  const browser = await program.browser()
  const of: Of = { program, made, browser }
  return [...(await stepsOfPeople(of)), ...(await stepsOfDevices(of)), ...(await stepsOfPrograms(of))]
}

interface Of {
  readonly program: OauthProgram
  readonly made: MadeClient
  readonly browser: Browser
}

export async function post(
  { program, made: { id, secret } }: Pick<Of, 'program' | 'made'>,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<StepAnswer> {
  const response = await fetch(`${program.issuer}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams(form),
  })
  return answerOf(response)
}

async function stepsOfPeople(of: Of): Promise<Step[]> {
  const { program, made, browser } = of
  const config = await discover(program, made)
  const open = async (url: string) => answerOf(await browser.fetch(url, { headers: html }))
  const leadsOn = ({ status, location }: StepAnswer) => status === 303 && location.includes('/authorize/')
  const interaction = async () =>
    `${program.url}/hub/v1/oauth/interactions/${await browser.begin((await begin(config)).url.href)}`
  const yes = { decision: 'grant', merchant_id: program.merchant }
  const decided = async (body: object) => {
    const answer = await browser.post(await interaction(), body)
    const { redirect_to: goesOn }: { redirect_to?: unknown } = Object(await answer.json())
    return String(goesOn)
  }

  const plain = (await begin(config)).url.href
  const asked = Object.fromEntries((await begin(config)).url.searchParams)
  const pushed: { request_uri?: unknown } = JSON.parse((await post(of, '/request', asked)).text)
  const reference = new URLSearchParams({ client_id: made.id, request_uri: String(pushed.request_uri) })
  const byReference = `${program.issuer}/auth?${reference.toString()}`
  const [seen, granted, declined] = [await interaction(), await interaction(), await interaction()]
  const [withYes, withNo] = [await decided(yes), await decided({ decision: 'decline' })]
  return [
    ...[
      { name: 'a request to authorize', url: plain, isDone: leadsOn },
      { name: 'one that was pushed', url: byReference, isDone: leadsOn },
      {
        ...{ name: 'the way back with a code', url: withYes },
        isDone: ({ location }: StepAnswer) => location.startsWith(`${redirectUri}?code=`),
      },
      {
        ...{ name: 'the way back with a no', url: withNo },
        isDone: ({ location }: StepAnswer) => location.startsWith(`${redirectUri}?error=access_denied`),
      },
    ].map(({ url, ...step }) => ({ ...step, audience: 'person' as const, ask: () => open(url) })),
    { name: 'what is asked, shown', audience: 'hub', ask: () => open(seen), isDone: isOk },
    {
      ...{ name: 'a yes', audience: 'hub', isDone: isOk },
      ask: async () => answerOf(await browser.post(granted, yes)),
    },
    {
      ...{ name: 'a no', audience: 'hub', isDone: isOk },
      ask: async () => answerOf(await browser.post(declined, { decision: 'decline' })),
    },
  ]
}

async function stepsOfDevices(of: Of): Promise<Step[]> {
  const { program, browser } = of
  const begun = async (): Promise<{ device_code: string; user_code: string }> =>
    JSON.parse((await post(of, '/device', {})).text)
  const say = (path: string, userCode: string) => async () =>
    answerOf(
      await browser.post(`${program.url}/hub/v1/device/${path}`, {
        user_code: userCode,
        ...(path === 'approve' && { merchant_id: program.merchant }),
      }),
    )
  const [looked, approved, denied, waiting] = [await begun(), await begun(), await begun(), await begun()]
  await say('approve', waiting.user_code)()
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: waiting.device_code,
  }
  return [
    { name: 'a code that was typed', audience: 'hub', ask: say('lookup', looked.user_code), isDone: isOk },
    { name: 'a yes to it', audience: 'hub', ask: say('approve', approved.user_code), isDone: isOk },
    { name: 'a no to it', audience: 'hub', ask: say('deny', denied.user_code), isDone: isOk },
    ...[
      { name: 'a device that begins', ask: () => post(of, '/device', {}), isDone: isOk },
      { name: 'a device that asks', ask: () => post(of, '/token', form), isDone: isOk },
    ].map((step) => ({ ...step, audience: 'program' as const })),
  ]
}

async function stepsOfPrograms(of: Of): Promise<Step[]> {
  const { program, made } = of
  const config = await discover(program, made)
  const { url, verifier } = await begin(config)
  const id = await of.browser.begin(url.href)
  const back = await of.browser.decide(id, { decision: 'grant', merchant_id: program.merchant })
  const code = {
    code: back.searchParams.get('code') ?? '',
    redirect_uri: redirectUri,
    code_verifier: verifier,
  }
  const tokens = async () => authorize(program, config)
  const [renewed, ended, endedWhole, known] = [await tokens(), await tokens(), await tokens(), await tokens()]
  const pushed = Object.fromEntries((await begin(config)).url.searchParams)
  const forms: readonly [name: string, path: string, form: Readonly<Record<string, string>>][] = [
    ['a code', '/token', { grant_type: 'authorization_code', ...code }],
    ['a refresh', '/token', { grant_type: 'refresh_token', refresh_token: renewed.refresh_token ?? '' }],
    ['client credentials', '/token', { grant_type: 'client_credentials' }],
    ['the end of an access token', '/revocation', { token: ended.access_token }],
    ['the end of a refresh token', '/revocation', { token: endedWhole.refresh_token ?? '' }],
    ['a question about a token', '/introspection', { token: known.access_token }],
    ['a request that is pushed', '/request', pushed],
  ]
  return forms.map(([name, path, form]) => ({
    ...{ name, audience: 'program', ask: () => post(of, path, form) },
    isDone: ({ status, text }) =>
      path === '/request' ? status === 201 : status === 200 && !text.includes('"active":false'),
  }))
}
