import t from 'tap'
import { newsOf } from '../../../src/main/demo/demo-news.ts'

t.test('an edit is told as in force, or as not, with all that is wrong', (t) => {
  t.same(newsOf({ table: 'ab12cd34ef', before: 'x' }, 'Configuration in force'), [
    'your edit is in force (table ab12cd34)',
  ])
  t.same(
    newsOf({ table: 'ab12cd34ef', faults: ['a:1:1  b', 'c'] }, 'The configuration on disk is not in force'),
    ['your edit is not in force, what was before goes on:', '  a:1:1  b', '  c'],
  )
  t.same(newsOf({ settings: ['gateway.port'] }, 'These settings take effect after a restart'), [
    'these settings take effect after a restart:',
    '  gateway.port',
  ])
  t.same(newsOf({ faults: ['a'] }, 'admin request'), [])
  t.same(newsOf(undefined, 'constructor'), [])
  t.end()
})
