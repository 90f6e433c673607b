import t from 'tap'
import { sentTarget } from '../../../src/decision/request/sent-target.ts'

t.test('all of a target is sent on, but for the beginning that its API leaves out', (t) => {
  const target = '/acme/v1/a%7Eb/%2A:x?q=/acme/&r=%00'
  t.equal(sentTarget(target, { stripPrefix: '' }, ''), target)
  t.equal(sentTarget(target, undefined, ''), target)
  t.equal(sentTarget(target, { stripPrefix: '' }, '/api/v1'), `/api/v1${target}`)
  t.equal(sentTarget(target, { stripPrefix: '/acme' }, ''), target.slice('/acme'.length))
  t.equal(sentTarget(target, { stripPrefix: '/acme' }, '/api'), `/api${target.slice('/acme'.length)}`)
  t.equal(sentTarget('/acme/', { stripPrefix: '/acme' }, ''), '/')
  t.end()
})

t.test('a target that does not begin with it is sent to nobody', (t) => {
  for (const target of ['/v1/a', '/acmes/a', '/acme', '/acme?a', '/ACME/a'])
    t.throws(() => sentTarget(target, { stripPrefix: '/acme' }, ''), target)
  t.end()
})
