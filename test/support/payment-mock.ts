// A payment service that nobody here wrote, as the upstream: stripe-stateful-mock, which keeps what it is told and checks
// a Bearer of its own.

import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import { createRequire } from 'node:module'
import { startHttpUpstream } from './http-upstream.ts'

export interface PaymentMock {
  readonly url: string
  /** Header fields of each request that reached it. */
  readonly seen: { readonly method: string; readonly target: string; readonly headers: IncomingHttpHeaders }[]
}

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

/** Starts one, empty, ended with the test. */
export async function startPaymentMock(t: Teardown): Promise<PaymentMock> {
  const app = createApp()
  const seen: PaymentMock['seen'] = []
  const url = await startHttpUpstream(t, (incoming, response) => {
    const { method = '', url: target = '', headers } = incoming
    seen.push({ method, target, headers: { ...headers } })
    app(incoming, response)
  })
  return { url, seen }
}

/** The package has no types: its one export makes an Express app, which is a request listener. */
function createApp(): RequestListener {
  const loaded: unknown = createRequire(import.meta.url)('stripe-stateful-mock')
  const create: unknown = Object(loaded).createExpressApp
  if (typeof create !== 'function') throw new Error('stripe-stateful-mock is not what it was')
  return create()
}
