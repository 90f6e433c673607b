import t from 'tap'
import { tellSharedCaches } from '../../../src/gateway/exchange/shared-caches.ts'

/** The head that comes of `lines`, for an API that takes its key in `fields`. */
function told(lines: readonly string[], fields: readonly string[] = ['X-Api-Key']): string[] {
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trimStart()]
  })
  tellSharedCaches(headers, { header: null, bearer: false, fields, fieldList: fields.join(', ') })
  return headers.flatMap((text, i) => (i % 2 === 0 ? [`${text}: ${headers[i + 1]}`] : []))
}

const both = ['X-Api-Key', 'Authorization']

t.test('an answer that says nothing gets both fields, last', async (t) => {
  t.same(told(['Date: x', 'Content-Length: 0']), [
    ...['Date: x', 'Content-Length: 0', 'Vary: X-Api-Key', 'Cache-Control: private'],
  ])
  t.same(told([], both), ['Vary: X-Api-Key, Authorization', 'Cache-Control: private'])
})

t.test('names join the last Vary, and none that is listed is repeated', async (t) => {
  for (const [lines, expected] of [
    [['Vary: Accept-Encoding'], ['Vary: Accept-Encoding, X-Api-Key, Authorization']],
    [['vary: accept,x-API-key'], ['vary: accept,x-API-key, Authorization']],
    [['VARY: authorization \t,X-Api-Key\t'], ['VARY: authorization \t,X-Api-Key\t']],
    [
      ['Vary: Authorization', 'A: 1', 'Vary: Accept'],
      ['Vary: Authorization', 'A: 1', 'Vary: Accept, X-Api-Key'],
    ],
    [
      ['Vary: X-Api-Key', 'Vary: Authorization'],
      ['Vary: X-Api-Key', 'Vary: Authorization'],
    ],
    [
      ['Vary: X-Api-Key-Id, X-X-Api-Key, Proxy-Authorization'],
      ['Vary: X-Api-Key-Id, X-X-Api-Key, Proxy-Authorization, X-Api-Key, Authorization'],
    ],
    [['Vary:'], ['Vary: X-Api-Key, Authorization']],
    [['Vary: ,'], ['Vary: ,, X-Api-Key, Authorization']],
    [['Vary: *'], ['Vary: *']],
    [
      ['Vary: Accept', 'Vary: Origin ,\t*'],
      ['Vary: Accept', 'Vary: Origin ,\t*'],
    ],
    [['Vary: a*b'], ['Vary: a*b, X-Api-Key, Authorization']],
  ] as const) {
    t.same(told(lines, both), [...expected, 'Cache-Control: private'], lines.join('; '))
  }
})

t.test('what the upstream says of caching stands alone', async (t) => {
  for (const line of [
    'Cache-Control: max-age=60',
    'cache-control: no-store',
    'Cache-Control: ',
    'Expires: 0',
  ]) {
    t.same(told([line]), [line, 'Vary: X-Api-Key'])
  }
  for (const line of [
    'Pragma: no-cache',
    'CDN-Cache-Control: max-age=60',
    'Surrogate-Control: max-age=60',
    'Age: 1',
  ]) {
    t.same(told([line]), [line, 'Vary: X-Api-Key', 'Cache-Control: private'])
  }
})

t.test('a long list is read in one pass', async (t) => {
  const list = `${'x-api-key '.repeat(800)}${' \t'.repeat(4_000)}x`
  t.same(told([`Vary: ${list}`]), [`Vary: ${list}, X-Api-Key`, 'Cache-Control: private'])
})
