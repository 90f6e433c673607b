import t from 'tap'
import { createDestinationRule } from '../../../../src/control/webhooks/send/destination.ts'

void t.test('what cannot be an endpoint is told as its URL is taken', async (t) => {
  const { fault } = createDestinationRule([])
  for (const url of [
    ...['', 'receiver.example', 'ftp://receiver.example/', 'http://receiver.example/', 'https://'],
    ...[
      'https://user:word@receiver.example/',
      'https://user@receiver.example/',
      'https://receiver.example/#a',
    ],
    ...[
      'https://127.0.0.1/',
      'https://[::1]/',
      'https://[::ffff:10.0.0.1]/',
      'https://localhost/',
      'https://a.localhost./',
    ],
    ...[
      'https://0x7f.1/',
      'https://2130706433/',
      'https://127.1/',
      'https://010.0.0.1/',
      'https://169.254.169.254/x',
    ],
    ...[
      'https://receiver.example/ö',
      'https://receiver.example/ x',
      `https://receiver.example/${'x'.repeat(2048)}`,
    ],
    'https://receiver.example:0/',
  ])
    t.type(fault(url), 'string', url)
  for (const url of [
    'https://receiver.example',
    'https://receiver.example:8443/a?b=c',
    'https://[2606:4700::1]/',
    'https://8.8.8.8/',
  ])
    t.equal(fault(url), undefined, url)
})

void t.test('what is allowed is taken, without TLS too, and nothing beside it', async (t) => {
  const { fault, permits } = createDestinationRule(['10.20.0.0/16', 'fd00::/8'])
  for (const url of [
    'http://10.20.3.4:8080/',
    'https://10.20.3.4/',
    'http://[fd00::1]/',
    'http://[::ffff:10.20.0.1]/',
  ])
    t.equal(fault(url), undefined, url)
  for (const url of ['http://10.21.0.1/', 'https://127.0.0.1/', 'http://8.8.8.8/', 'http://localhost/'])
    t.type(fault(url), 'string', url)
  t.ok(permits('10.20.0.1', false))
  t.ok(permits('::ffff:10.20.0.1', false))
  t.ok(permits('8.8.8.8', true))
  t.notOk(permits('8.8.8.8', false), 'in clear only where it is allowed')
  t.notOk(permits('10.21.0.1', true))
  t.notOk(permits('', true))
})
