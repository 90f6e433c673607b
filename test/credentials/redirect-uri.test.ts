// Contract 10: where a client may have people sent back to.

import t from 'tap'
import { whyNoRedirectUri } from '../../src/credentials/redirect-uri.ts'

void t.test('https anywhere, http on this machine alone', async (t) => {
  for (const uri of [
    'https://books.example/back',
    'https://books.example:8443/back?x=1',
    'http://localhost:8123/back',
    'http://127.0.0.1/back',
    'http://[::1]:9000/',
  ])
    t.equal(whyNoRedirectUri(uri), undefined, uri)
  for (const uri of [
    'http://books.example/back',
    'http://localhost.example/back',
    'http://127.0.0.1.example/back',
    'https://books.example/back#x',
    'https://books.example/back#',
    'https://ada:pass@books.example/back',
    'https://*.books.example/back',
    'https://books.example\\@evil.example/',
    'https://books.example/ back',
    'javascript:alert(1)',
    'data:text/html,x',
    'com.example.books:/back',
    '/back',
    '',
  ])
    t.type(whyNoRedirectUri(uri), 'string', uri)
})
