import t from 'tap'
import { suggest } from '../../src/config/suggest.ts'

const known = ['transaction.read', 'transaction.refund', 'hosts']

t.test('the nearest known word is suggested', async (t) => {
  t.equal(suggest('transaction.raed', known), 'transaction.read')
  t.equal(suggest('transaction.refunds', known), 'transaction.refund')
  t.equal(suggest('Hosts', known), 'hosts')
})

t.test('nothing is suggested for a word that is like none', async (t) => {
  t.equal(suggest('zebra', known), undefined)
  t.equal(suggest('x', ['a']), undefined)
  t.equal(suggest('x'.repeat(1000), known), undefined)
})
