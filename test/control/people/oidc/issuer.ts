// A real OpenID provider (oidc-provider) on loopback. Whoever comes is signed in at once as the account that the test says.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export interface Account {
  readonly sub: string
  readonly email?: string
  readonly email_verified?: unknown
  readonly groups?: readonly string[]
}

export interface Issuer {
  readonly url: string
  /** Who is signed in there. */
  account: Account
  /** As a browser: follows the provider's way until it leads elsewhere, and returns where. */
  visit(url: string): Promise<string>
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export const client = { id: 'latchkey', secret: 'a-client-secret-of-32-characters-' }

export async function startIssuer(t: Teardown, redirectUri: string): Promise<Issuer> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const issuer: Issuer = { url, account: { sub: 'nobody' }, visit: (to) => visit(url, to) }
  const provider = new Provider(url, {
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: [redirectUri] }],
    cookies: { keys: ['a-key-of-the-tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...issuer.account, sub }) }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        ...{ clientId: oidc.client?.clientId ?? '', accountId: oidc.session?.accountId ?? '' },
      })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  })
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response)
    const login = { accountId: issuer.account.sub }
    void provider.interactionFinished(request, response, { login })
  })
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return issuer
}

async function visit(issuer: string, to: string): Promise<string> {
  const jar = new Map<string, string>()
  let url = to
  for (let hops = 0; hops < 10; hops += 1) {
    if (!url.startsWith(`${issuer}/`)) return url
    const cookie = [...jar].map((pair) => pair.join('=')).join('; ')
    const response = await fetch(url, { redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null)
      throw new Error(`The provider leads nowhere: ${response.status} ${await response.text()}`)
    url = new URL(location, url).href
  }
  throw new Error('The provider leads in circles')
}
