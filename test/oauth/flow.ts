// What a program does with a certified client, and its user with a browser.

import * as client from 'openid-client'
import type { OauthProgram } from './server-program.ts'

export const redirectUri = 'https://books.example/back'
export const codeClient = {
  ...{ grants: ['code'], redirect_uris: [redirectUri] },
  permissions: ['transaction.read', 'transaction.search'],
}

export interface MadeClient {
  readonly id: string
  readonly secret: string
}

/** By what the metadata says. */
export async function discover(
  { issuer }: OauthProgram,
  { id, secret }: MadeClient,
  auth?: client.ClientAuth,
): Promise<client.Configuration> {
  return client.discovery(new URL(issuer), id, auth === undefined ? secret : {}, auth, {
    algorithm: 'oauth2',
    execute: [client.allowInsecureRequests],
  })
}

export interface Begun {
  readonly url: URL
  readonly verifier: string
  readonly state: string
}

/** A request to authorize, as it goes through the browser. */
export async function begin(
  config: client.Configuration,
  parameters: Record<string, string> = {},
): Promise<Begun> {
  const verifier = client.randomPKCECodeVerifier()
  const state = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    ...{ redirect_uri: redirectUri, state, code_challenge_method: 'S256' },
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    ...parameters,
  })
  return { url, verifier, state }
}

/** Somebody grants it; resolves with where the program is told. */
export async function granted(program: OauthProgram, url: URL): Promise<URL> {
  const browser = await program.browser()
  const id = await browser.begin(url.href)
  return browser.decide(id, { decision: 'grant', merchant_id: program.merchant })
}

/** From nothing to tokens. */
export async function authorize(
  program: OauthProgram,
  config: client.Configuration,
  parameters: Record<string, string> = {},
): Promise<client.TokenEndpointResponse> {
  const { url, verifier, state } = await begin(config, parameters)
  return client.authorizationCodeGrant(config, await granted(program, url), {
    pkceCodeVerifier: verifier,
    expectedState: state,
  })
}

/** The code of the error that a promise ends with. */
export async function errorOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    const { error: code, cause }: { error?: unknown; cause?: unknown } = Object(error)
    return String(code ?? Object(cause).error ?? error)
  }
}
