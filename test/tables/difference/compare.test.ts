// What a changed table opens and closes.

import t from 'tap'
import { compareTables } from '../../../src/tables/difference/compare.ts'
import type { EscapeName } from '../../../src/config/request/escapes.ts'
import { apiOf, compare, line, show, tableOf } from './compared-tables.ts'

t.test('a requirement that changes opens for some and closes for others, opened first', async (t) => {
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: q'])), ['opened GET /a q', 'closed GET /a p'])
  t.strictSame(show(compare(['GET /a: p&q'], ['GET /a: p'])), ['opened GET /a p'])
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: p&q'])), ['closed GET /a p'])
  t.strictSame(show(compare(['GET /a: p|q'], ['GET /a: p&q'])), ['closed GET /a p', 'closed GET /a q'])
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: public'])), ['opened GET /a anyone'])
  t.strictSame(show(compare(['GET /a: public'], ['GET /a: p'])), ['closed GET /a anyone'])
  t.strictSame(show(compare(['GET /a: p'], ['GET /a: p'])), [])
})

t.test('a removed narrower route opens what the wider one lets pass', async (t) => {
  const wide = 'GET /x/{id}: p'
  const changes = compare([wide, 'GET /x/secret: q'], [wide])
  t.strictSame(show(changes), ['opened GET /x/secret p', 'closed GET /x/secret q'])
  t.match(changes[0], {
    before: { route: { template: '/x/secret' } },
    after: { route: { template: '/x/{id}' } },
  })
})

t.test('a literal of another method guards its disguises: with it gone they open', async (t) => {
  const changes = compare(['GET /x/{id}: p', 'POST /x/secret: q'], ['GET /x/{id}: p'])
  t.strictSame(show(changes), ['opened GET /x/%73ecret p', 'closed POST /x/secret q'])
  t.equal(changes[0]?.before.refusal, 'INVALID_PATH')
})

t.test('a route that becomes exact opens for what only strict ones refuse', async (t) => {
  const [strict, exact] = (['strict', 'exact'] as const).map((disguises) =>
    tableOf(apiOf([{ ...line('GET /x/{id}: p'), disguises }, line('GET /x/secret: q')])),
  )
  if (!strict || !exact) throw new Error('both are made')
  t.strictSame(show(compareTables(strict, exact)), ['opened GET /x/secret.x p'])
  t.strictSame(show(compareTables(exact, strict)), ['closed GET /x/secret.x p'])
  t.strictSame(show(compareTables(exact, exact)), [])
  const gone = tableOf(apiOf([{ ...line('GET /x/{id}: p'), disguises: 'exact' }]))
  t.strictSame(show(compareTables(exact, gone)), ['opened GET /x/secret p', 'closed GET /x/secret q'])
})

t.test('a route that takes an escape opens for paths with it', async (t) => {
  const taking = (escapes: readonly EscapeName[]) =>
    tableOf(apiOf([{ ...line('GET /x/{id}/{path...}: p'), escapes }]))
  t.strictSame(show(compareTables(taking([]), taking(['hash']))), ['opened GET /x/x%23/x p'])
  t.strictSame(show(compareTables(taking(['hash']), taking(['percent']))), [
    'opened GET /x/x%25/x p',
    'closed GET /x/x%23/x p',
  ])
  t.match(compareTables(taking(['question']), taking([])), [
    { kind: 'closed', before: { refusal: null }, after: { refusal: 'INVALID_PATH' } },
  ])
  t.strictSame(compareTables(taking(['hash', 'percent']), taking(['percent', 'hash'])), [])
})

t.test('an action comes and goes with all that could be read as it', async (t) => {
  const [wide, action] = ['POST /x/{id}: p', 'POST /x/{id}:refund: q']
  t.strictSame(show(compare([wide, action], [wide])), [
    'opened POST /x/x:refund p',
    'closed POST /x/x:refund q',
  ])
  t.strictSame(show(compare([wide], [wide, action])), [
    'opened POST /x/x:refund q',
    'closed POST /x/x:refund p',
  ])
  t.strictSame(show(compare(['GET /x/{id}: p'], ['GET /x/{id}: p', action])), [
    'opened POST /x/x:refund q',
    'closed GET /x/:refund p',
  ])
  t.strictSame(show(compare([wide, action], [wide, 'POST /x/{id}:refund: p'])), [
    'opened POST /x/x:refund p',
    'closed POST /x/x:refund q',
  ])
  t.strictSame(show(compare([action], [action])), [])
})

t.test('a value of several templates at once is compared as what the table makes of it', async (t) => {
  const routes = ['GET /x/a-{id}: p', 'GET /x/{id}.json: q']
  t.strictSame(show(compare(routes, [...routes, 'GET /x/a-{id}.json: r'])), [
    'opened GET /x/a-x.json r',
    'closed GET /x/a-x.json q',
  ])
})

t.test('a table of actions is compared in seconds', { timeout: 60_000 }, async (t) => {
  const lines = Array.from({ length: 300 }, (_, n) => `POST /v1/orders/{id}:action${n}: p`)
  const start = Date.now()
  const [first, ...closed] = show(compare(lines, [...lines, 'POST /v1/orders/{id}:x: q']))
  t.equal(first, 'opened POST /v1/orders/z:x q')
  t.ok(
    closed.every((change) => /^closed POST \/v1\/orders\/z%3ax\.x:action\d+ p$/.test(change)),
    'what could be read as it',
  )
  t.ok(Date.now() - start < 20_000, `${Date.now() - start} ms`)
})
