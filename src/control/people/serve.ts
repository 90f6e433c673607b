// /hub/v1: what people do who sign in, sign out, and see to their accounts (contract 9). All else they do over the admin API.

import { sendDenial } from '../refusal.ts'
import { accessLine } from '../access-line.ts'
import { acceptEmptyBodies } from '../bodies.ts'
import type { ControlApp } from '../dependencies.ts'
import { serveAccount } from './account-routes.ts'
import { serveDeviceAnswers } from './device/answers.ts'
import { serveDevice } from './device/routes.ts'
import { servePasskeys } from './factors/passkey-routes.ts'
import { servePasskeySignIn } from './factors/passkey-sign-in.ts'
import { serveSecurity } from './factors/security-routes.ts'
import { serveTotp } from './factors/totp-routes.ts'
import type { HubApp } from './hub-app.ts'
import { identifySession } from './identify-session.ts'
import { serveLinks } from './link-routes.ts'
import { serveInteractions } from '../oauth/interaction-routes.ts'
import { serveReminderChoice } from './reminder-routes.ts'
import { serveSession, serveSignIn } from './session-routes.ts'
import { serveOidc } from './oidc/routes.ts'
import { isSafe } from './site.ts'
import { deny, DenialError, type Denial } from '../../errors/denial.ts'

export const hubPath = '/hub/v1'

/** Serves them on an app of their own, whose prefix is `hubPath`. */
export function serveHub(app: ControlApp, hub: HubApp): void {
  app.addHook('onResponse', async (request, reply) => {
    hub.deps.log.info(accessLine(request, reply), 'hub request')
    if (request.denial !== null) hub.deps.refused(request.denial.reason)
  })
  acceptEmptyBodies(app)
  void app.register(async (open: ControlApp) => {
    open.addHook('onRequest', async (request, reply) => {
      const denial = isSafe(request.method) ? undefined : hub.site.judgeOrigin(request, false)
      return denial && sendDenial(denial, request, reply)
    })
    serveSignIn(open, hub)
    serveLinks(open, hub)
    servePasskeySignIn(open, hub)
    serveOidc(open, hub)
    serveDevice(open, hub)
  })
  void app.register(async (own: ControlApp) => {
    demandSession(own, hub)
    serveSession(own, hub)
    serveAccount(own, hub)
    serveTotp(own, hub)
    servePasskeys(own, hub)
    serveSecurity(own, hub)
    serveInteractions(own, hub)
    serveDeviceAnswers(own, hub)
    serveReminderChoice(own, hub)
  })
}

/** To be called before the routes that are for whoever is signed in. */
export function demandSession(app: ControlApp, hub: HubApp): void {
  app.addHook('onRequest', async (request, reply) => {
    const found = (await identifySession(hub, request)) ?? missing
    if ('code' in found) return sendDenial(found, request, reply)
    request.caller = found
    return undefined
  })
  // As before the admin API: once more when the body is there.
  app.addHook('preHandler', async (request) => {
    if (isSafe(request.method)) return
    const found = (await identifySession(hub, request, false)) ?? missing
    if ('code' in found) throw new DenialError(found)
    request.caller = found
  })
}

const missing: Denial = deny('UNAUTHORIZED', 'session_missing')
