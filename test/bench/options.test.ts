import t from 'tap'
import { checkScenarios, readOptions, UsageError } from '../../bench/options.ts'

const known = ['get', 'post', '401', 'tokens', 'decision', 'limits', 'memory', 'workers', 'keys-postgres']

void t.test('without options the main scenario runs', async (t) => {
  t.match(readOptions([], known), {
    scenarios: ['get'],
    seconds: 1,
    rounds: 12,
    connections: 64,
    isCheck: false,
  })
})

void t.test('scenarios are named by commas or repeats, and run in their own order', async (t) => {
  t.same(readOptions(['--scenario', '401,post', '--scenario', 'get'], known)?.scenarios, [
    'get',
    'post',
    '401',
  ])
  t.same(readOptions(['--all'], known)?.scenarios, known)
})

void t.test('a check runs what its bars need, beside what is named', async (t) => {
  t.same(readOptions(['--check'], known)?.scenarios.toSorted(), [...checkScenarios].toSorted())
  t.ok(readOptions(['--check', '--scenario', 'post'], known)?.scenarios.includes('post'))
})

void t.test('another checkout is measured beside this one by several processes of each', async (t) => {
  t.match(readOptions([], known), { against: null, processes: 3 })
  t.match(readOptions(['--against', '../older', '--scenario', 'get,post', '--processes', '2'], known), {
    against: '../older',
    processes: 2,
    scenarios: ['get', 'post'],
  })
})

void t.test('help is not a run', async (t) => t.equal(readOptions(['--help'], known), null))

void t.test('what cannot be understood is told', async (t) => {
  for (const [argv, message] of [
    [['--scenario', 'gett'], /no scenario gett; there are get, post/],
    [['--seconds', '0'], /--seconds takes a number above 0, not "0"/],
    [['--seconds', ''], /--seconds/],
    [['--rounds', '1.5'], /--rounds takes a whole number/],
    [['--keys', 'many'], /--keys/],
    [['--rate', '0'], /--rate takes a number above 0/],
    [['--check', '--rate', '4000'], /--check measures at half load: it takes no --rate/],
    [['--against', '../older', '--check'], /--against .* takes no --check, --all or --rate/],
    [['--processes', '0'], /--processes takes a number above 0/],
    [['--nonsense'], /nonsense/],
  ] as const) {
    t.throws(() => readOptions(argv, known), { name: UsageError.name, message }, argv.join(' '))
  }
})
