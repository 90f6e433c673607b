import t from 'tap'
import { isPublicAddress, unmapped } from '../../../../src/control/webhooks/send/public-address.ts'

void t.test('addresses of this machine, its network and special ones are no public ones', async (t) => {
  for (const address of [
    ...['0.0.0.0', '0.1.2.3', '10.1.2.3', '100.64.0.1', '100.127.255.255', '127.0.0.1', '127.255.255.254'],
    ...[
      '169.254.169.254',
      '172.16.0.1',
      '172.31.255.255',
      '192.0.0.8',
      '192.0.2.1',
      '192.88.99.1',
      '192.168.1.1',
    ],
    ...['198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.1.1.1', '240.0.0.1'],
    ...[
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:10.0.0.1',
      '::127.0.0.1',
    ],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b::10.0.0.1',
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
    ],
    ...['3fff::1', '5f00::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1'],
    ...['', 'localhost', '1.2.3', '2606:4700::1%0', '::ffff:0:127.0.0.1'],
  ])
    t.notOk(isPublicAddress(address), address)
})

void t.test('others are', async (t) => {
  for (const address of [
    ...['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.1', '172.15.255.255', '172.32.0.1', '192.169.0.1'],
    ...['198.17.255.255', '198.20.0.1', '223.255.255.255', '2606:4700::1111', '2a00:1450:4001:81b::200e'],
    ...['::ffff:8.8.8.8', '::ffff:808:808', '64:ff9b::808:808', '2001:4860:4860::8888'],
  ])
    t.ok(isPublicAddress(address), address)
})

void t.test('an IPv4 address within an IPv6 one is itself', async (t) => {
  t.equal(unmapped('::ffff:7f00:1'), '127.0.0.1')
  t.equal(unmapped('::ffff:192.0.2.200'), '192.0.2.200')
  t.equal(unmapped('64:ff9b::c000:221'), '192.0.2.33')
  for (const other of ['192.0.2.1', '2606:4700::1', '::1', 'x', 'fe80::1%eth0'])
    t.equal(unmapped(other), other)
})
