import t from 'tap'
import { parseRedisUrl, resolveRedisFiles } from '../../src/config/redis-url.ts'

t.test('Redis by URL, and by its Sentinels', async (t) => {
  t.same(parseRedisUrl('redis://:p@r:6380/1'), { kind: 'server', url: 'redis://:p@r:6380/1', tls: null })
  t.same(parseRedisUrl('rediss://ann:p@r:6380/1'), {
    kind: 'server',
    url: 'rediss://ann:p@r:6380/1',
    tls: {},
  })
  t.same(parseRedisUrl('redis+sentinel://one:26379,two/mymaster'), {
    kind: 'sentinel',
    sentinels: [
      { host: 'one', port: 26379 },
      { host: 'two', port: 26379 },
    ],
    name: 'mymaster',
    db: 0,
    tls: null,
  })
  t.same(
    parseRedisUrl('rediss+sentinel://ann:p%3Aw@[::1]:5/m/2?sentinel_username=s&sentinel_password=q%20r'),
    {
      kind: 'sentinel',
      sentinels: [{ host: '::1', port: 5 }],
      name: 'm',
      db: 2,
      tls: {},
      username: 'ann',
      password: 'p:w',
      sentinelUsername: 's',
      sentinelPassword: 'q r',
    },
  )
})

t.test('a cluster by some of its nodes', async (t) => {
  const nodes = [
    { host: 'a', port: 6379 },
    { host: 'b', port: 7 },
  ]
  t.same(parseRedisUrl('redis+cluster://a:6379,b:7'), { kind: 'cluster', nodes, tls: null })
  t.same(parseRedisUrl('rediss+cluster://ann:p%40w@a,b:7/0?ca=ca.pem'), {
    kind: 'cluster',
    nodes,
    tls: { ca: 'ca.pem' },
    username: 'ann',
    password: 'p@w',
  })
})

t.test('the files of TLS are no part of what is handed on', async (t) => {
  t.same(parseRedisUrl('rediss://r/1?ca=%2Fa%20b%2Fca.pem&family=6&cert=c&key=k'), {
    kind: 'server',
    url: 'rediss://r/1?family=6',
    tls: { ca: '/a b/ca.pem', cert: 'c', key: 'k' },
  })
  const resolved = resolveRedisFiles(
    'rediss://u:p@r?ca=./my%20ca.pem&family=6&key=/k&cert=c',
    '/etc/latchkey',
  )
  t.match(parseRedisUrl(resolved), {
    url: 'rediss://u:p@r?family=6',
    tls: { ca: '/etc/latchkey/my ca.pem', cert: '/etc/latchkey/c', key: '/k' },
  })
  t.equal(resolveRedisFiles('redis://r?ca=a', '/etc'), 'redis://r?ca=a')
})

t.test('what is no Redis URL', async (t) => {
  for (const url of [
    'http://r',
    'redis://a b',
    'redis://%zz@r',
    'redis+sentinel://one:26379',
    'redis+sentinel://one:26379/',
    'redis+sentinel://one:x/m',
    'redis+sentinel://one,,two/m',
    'redis+sentinel:///m',
    'redis+cluster://',
    'redis+cluster://a,,b',
    'redis+cluster://a/1',
    'redis+cluster://a?db=1',
    'redis+nothing://a',
    'redis://r?ca=ca.pem',
    'rediss://r?cert=c',
    'rediss://r?ca=',
    'rediss://r?ca=a&ca=b',
  ]) {
    t.equal(parseRedisUrl(url), undefined, url)
  }
})
