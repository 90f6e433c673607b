import t from 'tap'
import { countChecks } from './tap-report.ts'

void t.test('only points that stand for no others are counted', async (t) => {
  const tap = `TAP version 14
# Subtest: build/test/a.test.js
    # Subtest: deep
        ok 1 - one
        not ok 2 - two
          ---
          source: |
            ok 9 - quoted, not run
          ...
        1..2
    not ok 1 - deep # time=1ms
    ok 2 - three
    1..2
not ok 1 - build/test/a.test.js # time=2ms
ok 2 - build/test/b.test.js # time=2ms {
    ok 1 - four
    # Subtest: nothing in it
        1..0
    ok 2 - nothing in it
    1..2
}

1..2
`
  const failure = [
    'build/test/a.test.js > deep > not ok 2 - two',
    '          source: |',
    '            ok 9 - quoted, not run',
  ]
  t.same(countChecks(tap), {
    passed: 4,
    failed: 1,
    failures: [failure.join('\n')],
    failedFiles: ['build/test/a.test.js'],
  })
})

void t.test('a file that failed though all its points passed is one failure', async (t) => {
  const unbuffered = '# Subtest: a\n    ok 1 - fine\n    # timed out\nnot ok 1 - a # time=3ms\n1..1\n'
  t.match(countChecks(unbuffered), {
    passed: 1,
    failed: 1,
    failures: ['not ok 1 - a # time=3ms'],
    failedFiles: ['a'],
  })
  const buffered = 'ok 1 - z {\n    ok 1 - fine\n}\nnot ok 2 - a # time=3ms {\n    ok 1 - fine\n}\n1..2\n'
  t.match(countChecks(buffered), {
    passed: 2,
    failed: 1,
    failures: ['not ok 2 - a # time=3ms'],
    failedFiles: ['a'],
  })
})

void t.test('a failure inside a buffered file is named with its file', async (t) => {
  const tap =
    'ok 1 - z {\n    ok 1 - fine\n}\nnot ok 2 - build/test/a.test.js # time=3ms {\n    # Subtest: b\n        not ok 1 - c\n    not ok 1 - b\n}\n1..2\n'
  t.match(countChecks(tap), {
    passed: 1,
    failed: 1,
    failures: ['build/test/a.test.js > b > not ok 1 - c'],
    failedFiles: ['build/test/a.test.js'],
  })
})

void t.test('skipped and open points are neither passed nor failed', async (t) => {
  const tap = 'ok 1 - a # SKIP no reason\nnot ok 2 - b # TODO later\nok 3 - c \\# skip is in the name\n1..3\n'
  t.match(countChecks(tap), { passed: 1, failed: 0, failedFiles: [] })
})

void t.test('a bail-out is a failure, and an empty report counts nothing', async (t) => {
  t.match(countChecks('ok 1 - a\nBail out! no more\n'), { passed: 1, failed: 1 })
  t.same(countChecks(''), { passed: 0, failed: 0, failures: [], failedFiles: [] })
})
