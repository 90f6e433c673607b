// Contract 9: `hub` of gateway.yaml.

import t from 'tap'
import { faultsOf, gatewayYaml, load } from './files.ts'

const withHub = (hub: string, control = '') =>
  `hub: ${hub}\n${control === '' ? '' : `control: ${control}\n`}${gatewayYaml}`

t.test('absent there is none; an empty one has its defaults', async (t) => {
  const none = await load(t, { gateway: gatewayYaml })
  t.equal(none.ok && none.config.settings.hub, null)
  const empty = await load(t, { gateway: withHub('{}') })
  t.match(empty.ok && empty.config.settings.hub, {
    publicUrl: 'http://localhost:8081',
    path: '',
    mail: null,
    sessions: { idleMs: 12 * 3_600_000, absoluteMs: 7 * 24 * 3_600_000, commandLineMs: 12 * 3_600_000 },
  })
})

t.test('where it is reached is said, or it is this machine alone', async (t) => {
  const url = await load(t, {
    gateway: withHub('{}', '{ host: 0.0.0.0, public_url: "https://hub.example.com/" }'),
  })
  t.match(url.ok && url.config.settings.hub, { publicUrl: 'https://hub.example.com' })
  t.match(await faultsOf(t, { gateway: withHub('{}', '{ host: 0.0.0.0 }') }), [
    /^gateway\.yaml:1:6 {2}`hub` needs `control\.public_url`/,
  ])
})

t.test('what cannot be a mail server or a sender is a fault, and no password is repeated', async (t) => {
  const mail = (from: string, smtp: string) => withHub(`{ mail: { from: "${from}", smtp: "${smtp}" } }`)
  for (const smtp of [
    'mail.test',
    'http://mail.test',
    'smtp://',
    'smtp://a:s3cret@mail.test/x',
    'smtps://mail.test?tls=no',
    'smtp://mail.test?requireTLS=maybe',
    'smtp://a:s3cret@mail.test?requireTLS=false',
    'smtp://mail.test?requireTLS=true&requireTLS=false',
  ]) {
    const faults = await faultsOf(t, { gateway: mail('a@x.test', smtp) })
    t.match(faults, [/`smtp` must be an smtp/], smtp)
    t.notMatch(faults.join(), 's3cret')
  }
  for (const smtp of ['smtp://mail.test?requireTLS=false', 'smtp://a:b@127.0.0.1:25/?requireTLS=true'])
    t.same(await faultsOf(t, { gateway: mail('a@x.test', smtp) }), [], smtp)
  for (const from of ['nobody', 'A <a>', 'A <a@x.test', 'a@x.test, b@x.test'])
    t.match(
      await faultsOf(t, { gateway: mail(from, 'smtp://mail.test') }),
      [/`from` must be an address/],
      from,
    )
  const good = await load(t, { gateway: mail('Acme <a@x.test>', 'smtps://a:b@mail.test:465') })
  t.match(good.ok && good.config.settings.hub?.mail, {
    from: 'Acme <a@x.test>',
    smtp: 'smtps://a:b@mail.test:465',
  })
})

t.test('an idle end behind the absolute one is told', async (t) => {
  const odd = await load(t, { gateway: withHub('{ sessions: { idle: 8d } }') })
  t.match(odd.warnings, [{ message: /`idle` is longer than `absolute`/ }])
  t.match(await faultsOf(t, { gateway: withHub('{ sessions: { idle: 0s } }') }), [/must be a duration/])
  t.match(await faultsOf(t, { gateway: withHub('{ session: {} }') }), [/session/])
})
