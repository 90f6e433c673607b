// The admin API as a test uses it.

export interface MadeKey {
  readonly id: string
  readonly secret: string
  readonly revision: number
}

export interface AdminClient {
  /** Any call; `path` after `/admin/v1`. */
  call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: Record<string, unknown> }>
  makeMerchant(name?: string): Promise<string>
  /** A key, in force everywhere when this resolves. */
  makeKey(merchantId: string, of?: Readonly<Record<string, unknown>>): Promise<MadeKey>
}

/** Makes a client for one control plane. */
export function adminClient(url: string, token: string): AdminClient {
  const client: AdminClient = {
    async call(method, path, body) {
      const response = await fetch(`${url}/admin/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          // One that is kept may be ended by the other side just as it is used again.
          connection: 'close',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const parsed: unknown = await response.json()
      return { status: response.status, body: { ...Object(parsed) } }
    },
    async makeMerchant(name = 'Test merchant') {
      const { status, body } = await client.call('POST', '/merchants?wait=all', { name })
      if (status !== 201) throw new Error(`merchant: ${status} ${JSON.stringify(body)}`)
      return String(body['id'])
    },
    async makeKey(merchantId, of = {}) {
      const { status, body } = await client.call('POST', '/keys?wait=all', {
        merchant_id: merchantId,
        api: 'flintn',
        environment: 'live',
        name: 'Test key',
        permissions: ['transaction.read', 'transaction.search'],
        ...of,
      })
      if (status !== 201) throw new Error(`key: ${status} ${JSON.stringify(body)}`)
      return { id: String(body['id']), secret: String(body['secret']), revision: Number(body['revision']) }
    },
  }
  return client
}
