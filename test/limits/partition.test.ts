import t from 'tap'
import { partitionOf } from '../../src/limits/partition.ts'

t.test('a partition is a byte sequence that says nothing of the caller but which it is', (t) => {
  const key = partitionOf('key', 'key_0123456789abcdef')
  t.match(key, /^;pk=:[A-Za-z0-9+/]{8}:$/, 'RFC 9651, 3.3.5')
  t.equal(partitionOf('key', 'key_0123456789abcdef'), key, 'the same in every process')
  t.not(partitionOf('key', 'key_0123456789abcdeg'), key)
  t.not(partitionOf('merchant', 'key_0123456789abcdef'), key)
  t.notMatch(Buffer.from(key.slice(5, -1), 'base64').toString('latin1'), /key_/)
  t.end()
})
