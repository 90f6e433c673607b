import t from 'tap'
import { storeEndpoints } from '../../src/config/store-endpoints.ts'

t.test('each server that a URL names', async (t) => {
  t.same(storeEndpoints('postgres://u@a:1,b/x'), ['postgres://u@a:1/x', 'postgres://u@b/x'])
  t.same(storeEndpoints('redis://a:1/2'), ['redis://a:1/2'])
  t.same(storeEndpoints('redis+sentinel://a,[::1]:5/m'), ['redis://a:26379', 'redis://[::1]:5'])
  t.same(storeEndpoints('redis+cluster://a,b:5'), ['redis://a:6379', 'redis://b:5'])
  t.same(storeEndpoints('embedded'), [])
})
