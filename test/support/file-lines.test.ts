import t from 'tap'
import { createFileLines } from './file-lines.ts'

const report = `TAP version 14
1..4
# Subtest: build/test/a.test.js
    # Subtest: deep
        ok 1 - one
        1..1
    ok 1 - deep # time=1ms
    
    ok 2 - two
    1..2
    # time=48.033ms
ok 1 - build/test/a.test.js # time=1948.033ms

not ok 2 - build/test/b.test.js # time=2.5s {
    ok 1 - three
    not ok 2 - four
      ---
      source: |
        ok 9 - quoted, not run
      ...
    1..2
}
  ---
  exitCode: 1
  ...
not ok 3 - build/test/c.test.js # time=30000ms
  ---
  signal: SIGKILL
  ...
ok 4 - build/test/d.test.js
`

const told = [
  'ok build/test/a.test.js (2 checks, 1.9 s)',
  'not ok build/test/b.test.js (2 checks, 1 failed, 2.5 s)',
  'not ok build/test/c.test.js (1 checks, 1 failed, 30.0 s)',
  'ok build/test/d.test.js (1 checks, 0.0 s)',
]

void t.test('each file is told as it ends, however the report is cut', async (t) => {
  for (const size of [1, 7, 64, report.length]) {
    const lines: string[] = []
    const { take } = createFileLines((line) => lines.push(line))
    for (let at = 0; at < report.length; at += size) take(report.slice(at, at + size))
    t.same(lines, told, `in pieces of ${size}`)
  }
})

void t.test('nothing is told of a file that still runs', async (t) => {
  const lines: string[] = []
  const { take } = createFileLines((line) => lines.push(line))
  const end = report.indexOf('ok 1 - build/test/a.test.js')
  take(report.slice(0, end))
  t.same(lines, [])
  take(report.slice(end, report.indexOf('\n', end) + 1))
  t.same(lines, told.slice(0, 1))
  take('ok 2 - build/test/b.test.js # time=1ms {\n    ok 1 - three\n')
  t.same(lines.length, 1)
})
