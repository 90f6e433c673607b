import t from 'tap'
import { refuseKnownSecrets } from '../../src/main/known-secrets.ts'

type Settings = Parameters<typeof refuseKnownSecrets>[1]

const own = 'f0e1d2c3b4a5968778695a4b3c2d1e0f'
const known = {
  LATCHKEY_ADMIN_TOKEN: 'development-admin-token-0123456789abcdef',
  LATCHKEY_CACHE_KEY: 'development-cache-key-0123456789abcdef',
}

interface Places {
  readonly gateway?: string
  readonly control?: string
  readonly postgres?: string
  readonly redis?: string
}

/** Everything on loopback unless said. */
function settingsOf({ gateway, control, postgres, redis }: Places): Settings {
  const settings = {
    gateway: { host: gateway ?? '127.0.0.1' },
    control: { host: control ?? 'localhost' },
    postgres: { kind: 'url', url: postgres ?? 'postgres://u:development@127.0.0.1:5432/d' },
    redis: redis === 'none' ? { kind: 'none' } : { kind: 'url', url: redis ?? 'redis://[::1]:6379' },
  }
  return settings as unknown as Settings
}

t.test('on this machine alone a default is no danger', async (t) => {
  t.doesNotThrow(() => refuseKnownSecrets(known, settingsOf({})))
  t.doesNotThrow(() => refuseKnownSecrets(known, settingsOf({ gateway: '::1', redis: 'none' })))
  t.doesNotThrow(() => refuseKnownSecrets({}, settingsOf({ gateway: '127.1.2.3' })))
})

t.test('where anything of it is reached from elsewhere, each of them ends the start', async (t) => {
  const open: readonly (readonly [Places, RegExp])[] = [
    [{ gateway: '0.0.0.0' }, /gateway\.host/],
    [{ control: '::' }, /control\.host/],
    [{ postgres: 'postgres://u:own@10.0.0.1,127.0.0.1/d' }, /the database/],
    [{ redis: 'redis://redis:6379' }, /Redis/],
    [{ redis: 'redis+sentinel://127.0.0.1:1,10.0.0.1:1/m' }, /Redis/],
  ]
  for (const [places, place] of open) {
    for (const [name, value] of Object.entries(known)) {
      const own = { postgres: 'postgres://u:own@127.0.0.1/d', ...places }
      t.throws(() => refuseKnownSecrets({ [name]: value }, settingsOf(own)), { message: place, exitCode: 1 })
      t.throws(() => refuseKnownSecrets({ [name]: value }, settingsOf(own)), {
        message: new RegExp(`^${name} is a default.*openssl rand -hex 32`),
      })
    }
  }
  const places = settingsOf({ gateway: '0.0.0.0', postgres: 'postgres://u:own@h/d' })
  t.throws(() =>
    refuseKnownSecrets({ LATCHKEY_ADMIN_TOKEN: `a:${own},b:${known.LATCHKEY_ADMIN_TOKEN}` }, places),
  )
  t.throws(() => refuseKnownSecrets({}, settingsOf({ gateway: '0.0.0.0' })), {
    message: /password of the database/,
  })
  t.doesNotThrow(() => refuseKnownSecrets({ LATCHKEY_ADMIN_TOKEN: own, LATCHKEY_CACHE_KEY: own }, places))
})
