// Secrets that webhooks are signed with (Standard Webhooks 1.0): both sides have them, so they are sealed and not digested.

import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Sealing } from './sealing.ts'
import { Secret } from './secret.ts'

/** Makes one: `whsec_` and 32 random bytes in base64. */
export function generateWebhookSecret(): Secret {
  return new Secret(`whsec_${randomBytes(32).toString('base64')}`)
}

export function sealWebhookSecret(sealing: Sealing, id: string, secret: Secret): string {
  return sealing.seal(webhookSecretPlace(id), Secret.reveal(secret))
}

/** undefined: it was sealed with a key that is not there, or is not this one. */
export function openWebhookSecret(sealing: Sealing, id: string, sealed: string): Secret | undefined {
  const text = sealing.open(webhookSecretPlace(id), sealed)
  return text === undefined ? undefined : new Secret(text)
}

export interface WebhookMessage {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly atMs: number
  readonly payload: string
}

/** The three headers of a message; one signature for each secret, so that receivers change from one to the other in their time. */
export function webhookHeaders(
  { id, atMs, payload }: WebhookMessage,
  secrets: readonly Secret[],
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const signatures = secrets.map((secret) =>
    new Webhook(Secret.reveal(secret)).sign(id, new Date(atMs), payload),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(atMs / 1000)),
    'webhook-signature': signatures.join(' '),
  }
}

/** A sealed secret is one webhook's. */
export function webhookSecretPlace(id: string): string {
  return `webhook secret ${id}`
}
