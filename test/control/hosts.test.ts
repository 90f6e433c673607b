import t from 'tap'
import { createHostCheck } from '../../src/control/hosts.ts'
import { createControlServer } from '../../src/control/server.ts'
import { depsOf, startMs } from './subject.ts'

void t.test(
  'who runs it is answered: addresses, names without dots, names inside of a network',
  async (t) => {
    const judge = createHostCheck([], ['box1.corp.example'])
    for (const host of [
      ...[
        undefined,
        '127.0.0.1',
        '127.0.0.1:8081',
        '10.1.2.3:8081',
        '[::1]:8081',
        '[fd00::1]',
        'localhost:8081',
      ],
      ...[
        'LOCALHOST.',
        'gateway:8081',
        'latchkey',
        'latchkey.default.svc:8081',
        'ip-10-0-0-1.ec2.internal:8081',
      ],
      ...[
        'latchkey.default.svc.cluster.local:8081',
        'app.localhost',
        'box.home.arpa',
        'BOX1.corp.example:8081',
      ],
    ]) {
      t.equal(judge(host), undefined, host ?? 'none')
    }
  },
)

void t.test('a name that anybody can register is refused, unless it is listed', async (t) => {
  const judge = createHostCheck(['gw1.flintn.com', '*.mon.flintn.com'], [])
  for (const host of [
    ...[
      'evil.example',
      'evil.example:8081',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'flintn.com',
    ],
    ...[
      'x.gw1.flintn.com',
      'evil-mon.flintn.com',
      'mon.flintn.com',
      '',
      '.',
      '1.2.3',
      'cluster.local.evil.example',
    ],
    ...['evil.local', 'evil.test', 'notinternal.example', '[::1', '127.0.0.1@evil.example'],
  ]) {
    t.match(judge(host), { code: 'UNKNOWN_HOST', reason: 'control_host' }, host)
  }
  for (const host of ['gw1.flintn.com', 'GW1.flintn.com.:8081', 'a.mon.flintn.com', 'a.b.mon.flintn.com:1']) {
    t.equal(judge(host), undefined, host)
  }
  t.equal(createHostCheck(['*'], [])('evil.example'), undefined)
})

void t.test('what needs no token is served under known names alone; a token is its own proof', async (t) => {
  const app = createControlServer({
    ...depsOf({ db: null, clock: { nowMs: startMs }, logged: [] }),
    hosts: ['gw1.flintn.com'],
  })
  const ask = (url: string, host: string) => app.inject({ url, headers: { host } })
  for (const url of ['/metrics', '/readyz']) {
    const refused = await ask(url, 'evil.example:8081')
    t.equal(refused.statusCode, 421, url)
    t.match(refused.json(), {
      error: { code: 'UNKNOWN_HOST', details: [{ path: 'Host', message: /control\.hosts/ }] },
    })
    t.notMatch(refused.body, 'evil')
    t.equal((await ask(url, 'gw1.flintn.com')).statusCode, 200, url)
    t.equal((await ask(url, '10.1.2.3:8081')).statusCode, 200, url)
  }
  t.equal((await ask('/livez', 'evil.example')).statusCode, 200)
})
