// The demo's merchant and keys, made as an operator would make them: over the admin API.

export interface DemoKey {
  readonly id: string
  readonly secret: string
}

type Post = (path: string, body: object) => Promise<Record<string, unknown>>

/** Makes a merchant and a key of every kind; throws with the API's words when that fails. */
export async function makeDemoKeys(
  adminUrl: string,
  token: string,
): Promise<Record<'reader' | 'refunder' | 'sandbox' | 'documents' | 'revoked', DemoKey>> {
  const post: Post = async (path, body) => {
    const response = await fetch(`${adminUrl}/admin/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer: unknown = await response.json()
    if (!response.ok)
      throw new Error(`The admin API answered ${response.status} to POST ${path}: ${JSON.stringify(answer)}`)
    return { ...Object(answer) }
  }
  const merchant = await post('/merchants', { name: 'Demo merchant' })
  const key = async (name: string, of: object): Promise<DemoKey> => {
    const made = await post('/keys?wait=all', { merchant_id: merchant.id, name, ...of })
    return { id: String(made.id), secret: String(made.secret) }
  }
  const live = { api: 'flintn', environment: 'live' }
  const [reader, refunder, sandbox, documents, revoked] = await Promise.all([
    key('Reporting', { ...live, permissions: ['transaction.read', 'transaction.search'] }),
    key('Back office', { ...live, permissions: ['transaction.read', 'transaction.refund'] }),
    key('Integration tests', {
      api: 'flintn',
      environment: 'sandbox',
      permissions: ['transaction.read', 'transaction.refund'],
    }),
    key('Documents', { api: 'flint', environment: 'live', permissions: ['*'] }),
    key('Old server', { ...live, permissions: ['transaction.read'] }),
  ])
  await post(`/keys/${revoked.id}/revoke?wait=all`, {})
  return { reader, refunder, sandbox, documents, revoked }
}
