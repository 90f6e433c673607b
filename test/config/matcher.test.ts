// Contract 3.

import t from 'tap'
import { matcherOf } from './matcher-routes.ts'

t.test('a parameter is one whole, non-empty segment', async (t) => {
  const match = matcherOf('GET /v1/t/{id}')
  t.equal(match('GET /v1/t/1'), 'GET /v1/t/{id}')
  for (const path of ['/v1/t', '/v1/t/', '/v1/t/1/', '/v1/t/1/2', '/v1//1', '/', '']) {
    t.equal(match(`GET ${path}`), 'not_found', path)
  }
})

t.test('a last slash takes nothing to a route that is asked for with less', async (t) => {
  const match = matcherOf(
    'GET /f/{path...} =read',
    'GET /f/2026/secret =refund',
    'GET /f/2026/open =read',
    'POST /o/{path...} =read',
    'POST /o/{id}:refund =refund',
    'GET /i/{id}/ =read',
    'GET /i/{id} =write',
    'GET /i/export =refund',
    'GET /e/{path...} exact',
    'GET /e/secret =refund',
  )
  for (const line of ['GET /f/2026/secret/', 'HEAD /f/2026/secret/', 'POST /o/1:refund/', 'GET /i/export/'])
    t.equal(match(line), 'hidden_literal', line)
  t.equal(match('GET /f/2026/open/'), 'GET /f/{path...} =read', 'for which the same is asked')
  t.equal(match('GET /f/2026/other/'), 'GET /f/{path...} =read')
  t.equal(match('GET /f/2026/secret//'), 'GET /f/{path...} =read', 'which is refused before it is matched')
  t.equal(match('GET /i/7/'), 'GET /i/{id}/ =read', 'told apart by who wrote both')
  t.equal(match('GET /e/secret/'), 'GET /e/{path...} exact')
})

t.test('HEAD has a route of its own, but not where that of GET is for less', async (t) => {
  const match = matcherOf(
    'HEAD /o/{id} =read',
    'GET /o/{id} =read',
    'GET /o/export =export',
    'GET /o/{id}:content =content',
    'HEAD /o/own =own',
    'GET /o/own =more',
  )
  t.equal(match('HEAD /o/7'), 'HEAD /o/{id} =read')
  t.equal(match('HEAD /o/export'), 'GET /o/export =export')
  t.equal(match('HEAD /o/7:content'), 'GET /o/{id}:content =content')
  t.equal(match('HEAD /o/own'), 'HEAD /o/own =own')
})

t.test('case counts, and an escaped unreserved character is no literal', async (t) => {
  const match = matcherOf('GET /v1/status')
  t.equal(match('GET /v1/status'), 'GET /v1/status')
  for (const path of ['/v1/Status', '/v1/%73tatus', '/v1/status/', '/V1/status']) {
    t.equal(match(`GET ${path}`), 'not_found', path)
  }
})

t.test('a rest matches one segment or more, a trailing slash too, but not nothing', async (t) => {
  const match = matcherOf('GET /files/{path...}')
  for (const path of ['/files/a', '/files/a/b/c', '/files/a/'])
    t.equal(match(`GET ${path}`), 'GET /files/{path...}', path)
  for (const path of ['/files', '/files/']) t.equal(match(`GET ${path}`), 'not_found', path)
})

t.test('literal beats parameter beats rest, with a way back', async (t) => {
  const match = matcherOf('GET /a/b/c', 'GET /a/{x}/d', 'GET /a/{x...}', 'GET /', 'GET /a/')
  t.equal(match('GET /a/b/c'), 'GET /a/b/c')
  t.equal(match('GET /a/b/d'), 'GET /a/{x}/d')
  t.equal(match('GET /a/b/e'), 'GET /a/{x...}')
  t.equal(match('GET /'), 'GET /')
  t.equal(match('GET /a/'), 'GET /a/')
})

t.test('HEAD follows its own routes first, then GET', async (t) => {
  const match = matcherOf('GET /a/{x}', 'GET /b', 'HEAD /a/{y}')
  t.equal(match('HEAD /a/1'), 'HEAD /a/{y}')
  t.equal(match('HEAD /b'), 'GET /b')
})

t.test('a path without a route for the method names those that it has', async (t) => {
  const match = matcherOf('GET /a', 'POST /a', 'DELETE /{x}', 'HEAD /h', 'PUT /h')
  t.equal(match('PATCH /a'), 'DELETE,GET,HEAD,POST')
  t.equal(match('GET /h'), 'DELETE,HEAD,PUT')
  t.equal(match('TRACE /a'), 'DELETE,GET,HEAD,POST')
  t.equal(match('GET /a/b'), 'not_found')
})

t.test('a parameter that hides the literal of another route is refused', async (t) => {
  const match = matcherOf('GET /v1/exports/{id}', 'GET /v1/exports/summary', 'POST /v1/exports/search')
  for (const value of ['%73ummary', 'SUMMARY', '%53ummar%79', 'Search', 'sEarch', '%C5%BFummary']) {
    t.equal(match(`GET /v1/exports/${value}`), 'hidden_literal', value)
  }
  t.equal(match('GET /v1/exports/summary'), 'GET /v1/exports/summary')
  t.equal(match('GET /v1/exports/search'), 'GET /v1/exports/{id}', 'the literal itself, of another method')
  for (const value of ['summary2', 'summar', '%zz', '%', '%ff']) {
    t.equal(match(`GET /v1/exports/${value}`), 'GET /v1/exports/{id}', value)
  }
})
