// What browsers are told about every answer of a control port with a hub: it is framed by nobody, read by no other site, and
// loads what is named alone.

import type { ControlApp } from '../dependencies.ts'
import type { Site } from './site.ts'

/** Of answers that are no pages. */
const nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const always = {
  'content-security-policy': nothing,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  // A form of ours needs an Origin that is not `null`, which `no-referrer` would make it.
  'referrer-policy': 'same-origin',
  'permissions-policy':
    'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), ' +
    'usb=(), publickey-credentials-create=(self), publickey-credentials-get=(self)',
} as const

const yearSeconds = 365 * 24 * 60 * 60

/** To be called before any route is registered; a handler may set another `content-security-policy`. */
export function secureAnswers(app: ControlApp, site: Site): void {
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(always)
    // Told over http it means nothing (RFC 6797 §8.1).
    if (site.isSecure(request)) void reply.header('strict-transport-security', `max-age=${yearSeconds}`)
  })
}
