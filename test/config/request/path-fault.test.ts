import t from 'tap'
import { denyPath } from '../../../src/config/request/path-fault.ts'
import { judgeTarget } from '../../../src/decision/request/target.ts'

function hintOf(target: string): string | undefined {
  const judged = judgeTarget(target)
  return judged.ok ? undefined : denyPath({ reason: judged.fault, at: judged.at }).hint
}

t.test('a refused target is answered with what was refused, and where', async (t) => {
  for (const [target, hint] of [
    ['/v1/files/a%2Fb', 'the path holds an escaped slash (%2f) at byte 12'],
    ['/v1/files/Invoice%20%2312.pdf', 'the path holds an escaped hash (%23) at byte 21'],
    ['/a%3fb', 'the path holds an escaped question mark (%3f) at byte 3'],
    ['/100%25', 'the path holds an escaped percent sign (%25) at byte 5'],
    ['/a%5c', 'the path holds an escaped backslash (%5c) at byte 3'],
    ['/a%3b', 'the path holds an escaped semicolon (%3b) at byte 3'],
    ['/a%0a', 'the path holds an escaped control character at byte 3'],
    ['/a%zz', 'the path holds a percent sign that begins no escape at byte 3'],
    ['/%c3%bc/%20%ff', 'the path holds escapes that are not UTF-8 at byte 9'],
    ['/a\\b', 'the path holds a backslash at byte 3'],
    ['/a;b', 'the path holds a semicolon (;) at byte 3'],
    ['/a b', 'the path holds a character that must be escaped at byte 3'],
    ['/a\xfc', 'the path holds a character that must be escaped at byte 3'],
    ['/a//b', 'the path holds two slashes in a row at byte 3'],
    ['//', 'the path holds two slashes in a row at byte 1'],
    ['/a/../b', 'the path holds a dot segment (. or ..) at byte 4'],
    ['/a/%2e', 'the path holds a dot segment (. or ..) at byte 4'],
    ['/a#b', 'the request target holds a hash (#) at byte 3'],
    ['/a?b#c', 'the request target holds a hash (#) at byte 5'],
    ['/a?b\xfc', 'the query holds a character that must be escaped at byte 5'],
    ['*', 'the request target does not begin with a slash'],
  ] as const)
    t.equal(hintOf(target), hint, target)
})

t.test('a fault of which there is nothing to show has no hint', async (t) => {
  t.same(denyPath({ reason: 'connect', at: 3 }), { code: 'INVALID_PATH', reason: 'connect' })
})
