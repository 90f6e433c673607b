import t from 'tap'
import { full } from '../../src/limits/gcra.ts'
import { createNews, mostNews } from '../../src/limits/news.ts'

t.test('what was heard last of a place counts, until it is over', async (t) => {
  const news = createNews()
  t.equal(news.fullAtOf('a'), full)
  news.take('a', 5_000)
  news.take('a', 9_000)
  news.take('b', 3_000)
  t.same([news.fullAtOf('a'), news.fullAtOf('b'), news.fullAtOf('c')], [9_000, 3_000, full])
  news.look(4_000)
  t.same([news.fullAtOf('a'), news.fullAtOf('b'), news.size()], [9_000, full, 1])
})

t.test('of too many those are forgotten that were told of longest ago', async (t) => {
  const news = createNews()
  for (let i = 0; i < mostNews; i++) news.take(`${i}`, 1_000)
  news.take('0', 2_000)
  news.take('one more', 1_000)
  t.equal(news.size(), mostNews)
  t.same([news.fullAtOf('0'), news.fullAtOf('1'), news.fullAtOf('2')], [2_000, full, 1_000])
  for (let i = 0; i < 20; i++) news.look(1_500)
  t.equal(news.size(), 1, 'in parts')
})
