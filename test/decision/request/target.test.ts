import t from 'tap'
import { judgeTarget, originForm } from '../../../src/decision/request/target.ts'

const host = 'api.flintn.com'

const taken: Readonly<Record<string, string>> = {
  'http://api.flintn.com/v1/status': '/v1/status',
  'https://api.flintn.com/v1/status?a=b': '/v1/status?a=b',
  'HTTP://API.Flintn.COM/V1/%41': '/V1/%41',
  'http://api.flintn.com': '/',
  'http://api.flintn.com?a=/b': '/?a=/b',
  'http://api.flintn.com//v1/./status': '//v1/./status',
}
for (const [target, expected] of Object.entries(taken)) {
  t.test(`${target} asks its own host for ${expected}`, async (t) => {
    t.equal(originForm(target, host, 'GET'), expected)
  })
}

const left: Readonly<Record<string, readonly [target: string, host: string]>> = {
  'another host': ['http://other.example/v1/status', host],
  'a host that begins like it': ['http://api.flintn.com.evil/v1/status', host],
  'a host that it begins with': ['http://api.flintn.co/v1/status', host],
  'a port that Host does not name': ['http://api.flintn.com:80/v1/status', host],
  'no port where Host names one': ['http://api.flintn.com/v1/status', `${host}:80`],
  'a dot that Host does not have': ['http://api.flintn.com./v1/status', host],
  'a user': ['http://api.flintn.com@other.example/v1/status', host],
  'a user before the host': ['http://a@api.flintn.com/v1/status', host],
  'a fragment': ['http://api.flintn.com#/v1/status', host],
  'a backslash': ['http://api.flintn.com\\v1/status', host],
  'another scheme': ['ftp://api.flintn.com/v1/status', host],
  'one slash': ['http:/api.flintn.com/v1/status', host],
  'no scheme': ['//api.flintn.com/v1/status', host],
  'an escaped host': ['http://api%2eflintn.com/v1/status', host],
  'no host, and no Host': ['http:///v1/status', ''],
}
for (const [name, [target, from]] of Object.entries(left)) {
  t.test(`${name} is no target of the host that is asked`, async (t) => {
    t.equal(originForm(target, from, 'GET'), target)
    t.equal(judgeTarget(target).ok, false)
  })
}

t.test('a port and brackets are compared as they are sent', async (t) => {
  t.equal(originForm('http://[::1]:8080/a', '[::1]:8080', 'GET'), '/a')
  t.equal(originForm('http://api.flintn.com:80/a', 'API.flintn.com:80', 'GET'), '/a')
})

t.test('OPTIONS for a host without a path means the server, and is refused as `*` is', async (t) => {
  t.match(judgeTarget(originForm(`http://${host}`, host, 'OPTIONS')), { ok: false, fault: 'not_origin_form' })
  t.equal(originForm(`http://${host}/`, host, 'OPTIONS'), '/')
  t.equal(originForm(`http://${host}?a`, host, 'OPTIONS'), '/?a')
})
