import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { createSealing } from '../../src/credentials/sealing.ts'
import { Secret } from '../../src/credentials/secret.ts'
import {
  generateWebhookSecret,
  openWebhookSecret,
  sealWebhookSecret,
  webhookHeaders,
} from '../../src/credentials/webhook-secret.ts'

void t.test(
  'a message verifies with each of its secrets, and no longer when anything is changed',
  async (t) => {
    const secrets = [generateWebhookSecret(), generateWebhookSecret()]
    const payload = JSON.stringify({ type: 'api_key.created', name: 'Kö→ln' })
    const headers = { ...webhookHeaders({ id: 'evt_1', atMs: Date.now(), payload }, secrets) }
    for (const secret of secrets) {
      const webhook = new Webhook(Secret.reveal(secret))
      t.match(webhook.verify(payload, headers), { name: 'Kö→ln' })
      t.throws(() => webhook.verify(`${payload} `, headers))
      t.throws(() => webhook.verify(payload, { ...headers, 'webhook-id': 'evt_2' }))
    }
    t.throws(() => new Webhook(Secret.reveal(generateWebhookSecret())).verify(payload, headers))
  },
)

void t.test('a sealed secret opens under its own id', async (t) => {
  const sealing = createSealing(['a'.repeat(32)])
  const secret = generateWebhookSecret()
  t.match(Secret.reveal(secret), /^whsec_[A-Za-z0-9+/]{43}=$/)
  const sealed = sealWebhookSecret(sealing, 'whs_1', secret)
  t.equal(Secret.reveal(openWebhookSecret(sealing, 'whs_1', sealed) ?? new Secret('')), Secret.reveal(secret))
  t.equal(openWebhookSecret(sealing, 'whs_2', sealed), undefined)
})
