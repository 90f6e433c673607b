import t from 'tap'
import { parsePostgresUrl } from '../../src/config/store-url.ts'

t.test('one host: the URL as it is', async (t) => {
  const url = 'postgres://u:p%40ss@db:5432/x?sslmode=require&options=-c%20a%3Db'
  t.same(parsePostgresUrl(url), { urls: [url], mustBeWritable: false })
  t.same(parsePostgresUrl('postgresql:///x?host=/run'), {
    urls: ['postgresql:///x?host=/run'],
    mustBeWritable: false,
  })
})

t.test('several hosts: a URL for each, and the server is asked whether it takes writes', async (t) => {
  t.same(parsePostgresUrl('postgres://u:p@one:1,two,[::1]:3/x?a=b&target_session_attrs=read-write'), {
    urls: ['postgres://u:p@one:1/x?a=b', 'postgres://u:p@two/x?a=b', 'postgres://u:p@[::1]:3/x?a=b'],
    mustBeWritable: true,
  })
  t.match(parsePostgresUrl('postgres://one,two/x'), { mustBeWritable: true })
  t.match(parsePostgresUrl('postgres://one/x?target_session_attrs=primary'), {
    urls: ['postgres://one/x'],
    mustBeWritable: true,
  })
})

t.test('what is no Postgres URL', async (t) => {
  for (const url of [
    'mysql://u@db',
    'postgres://one,,two/x',
    'postgres://one:99999,two/x',
    'postgres://one,two/x?target_session_attrs=standby',
    'postgres://u@[db',
    'postgres://a b',
    'embeded',
  ]) {
    t.equal(parsePostgresUrl(url), undefined, url)
  }
})

t.test("a socket's folder stands for the host", async (t) => {
  t.match(parsePostgresUrl('postgres://ann:pw@/shop?host=/run/postgresql'), {
    urls: ['postgres://ann:pw@localhost/shop?host=/run/postgresql'],
    mustBeWritable: false,
  })
  t.equal(parsePostgresUrl('postgres://ann:pw@/shop'), undefined)
})
