// An identity provider of the test's own: over HTTP it publishes metadata and keys, and it signs what it is told to.

import { createServer } from 'node:http'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

export interface SigningKey {
  readonly kid: string
  readonly algorithm: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

export interface TokenIssuer {
  readonly url: string
  /** The paths that were asked for so far. */
  readonly asked: string[]
  /** What it publishes from now on. */
  publish(...keys: readonly SigningKey[]): void
  /** It is gone until it is back, at the same address. */
  leave(): Promise<void>
  comeBack(): Promise<void>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export async function startTokenIssuer(t: Teardown): Promise<TokenIssuer> {
  let published: readonly JWK[] = []
  let port = 0
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const url = `http://127.0.0.1:${port}`
    const about = { issuer: url, jwks_uri: `${url}/jwks` }
    const body = request.url === '/jwks' ? { keys: published } : about
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  const listen = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen()
  port = Number(Object(server.address()).port)
  t.teardown(close)
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    publish: (...keys) => void (published = keys.map(({ jwk }) => jwk)),
    leave: close,
    comeBack: listen,
  }
}

export async function newSigningKey(kid: string, algorithm = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    ...(algorithm === 'EdDSA' && { crv: 'Ed25519' }),
  })
  const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' }
  return { kid, algorithm, privateKey, jwk }
}

/** Signed by the key; what is said of the header stands over what it would be, undefined takes it away. */
export function signed(
  key: SigningKey,
  claims: JWTPayload,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ kid: key.kid, typ: 'at+jwt', ...header, alg: key.algorithm })
    .sign(key.privateKey)
}
