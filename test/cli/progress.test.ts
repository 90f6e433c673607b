import t from 'tap'
import { createProgress, mebibytes } from '../../src/cli/progress.ts'

function watched(isWatched: boolean, isAsked: boolean) {
  const lines: string[] = []
  const clock = { nowMs: 0 }
  const io = { isWatched, stderr: (text: string) => void lines.push(text) }
  return { lines, clock, progress: createProgress(io, { isAsked, now: () => clock.nowMs }) }
}

t.test('it is told to a person who watches, or who asks, and to nobody else', (t) => {
  for (const [isWatched, isAsked, isTold] of [
    [true, false, true],
    [false, true, true],
    [false, false, false],
  ] as const) {
    const { lines, clock, progress } = watched(isWatched, isAsked)
    clock.nowMs = 2_000
    progress.at('half')
    progress.begin('the rest')()
    t.same(lines, isTold ? ['half\n', 'the rest\n'] : [])
  }
  t.end()
})

t.test('a line a second is enough', (t) => {
  const { lines, clock, progress } = watched(true, false)
  for (clock.nowMs = 0; clock.nowMs < 3_500; clock.nowMs += 100) progress.at(String(clock.nowMs))
  t.same(lines, ['1000\n', '2000\n', '3000\n'])
  t.equal(mebibytes(1_572_864), '1.5')
  t.end()
})
