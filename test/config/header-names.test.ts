import t from 'tap'
import { foldHeaderName, isHeaderValue, whyReserved } from '../../src/config/header-names.ts'

t.test('names are compared as CGI reads them', async (t) => {
  t.equal(foldHeaderName('X_Merchant.Id'), 'x-merchant-id')
})

t.test('names that frame a message or that the gateway writes are reserved, in any spelling', async (t) => {
  for (const name of [
    'Host',
    'content_length',
    'TE',
    'Transfer-Encoding',
    'X-Request-Id',
    'x_forwarded_for',
    'X-Client-Id',
    'x_user_id',
  ]) {
    t.type(whyReserved(name), 'string', name)
  }
  for (const name of ['Authorization', 'X-Internal-Auth', 'X-Hosts'])
    t.equal(whyReserved(name), undefined, name)
})

t.test('a header value is printable ASCII without blanks at its ends', async (t) => {
  for (const value of ['a', 'Basic abc==', 'a\tb c']) t.equal(isHeaderValue(value), true, value)
  for (const value of ['', ' a', 'a ', 'a\n', 'a\r\nb: c', 'é', '\0', 'a\x7f']) {
    t.equal(isHeaderValue(value), false, JSON.stringify(value))
  }
})
