import t from 'tap'
import { prefersProblemJson } from '../../src/errors/accept.ts'

void t.test('only a client that names problem+json above JSON prefers it', async (t) => {
  for (const [accept, isPreferred] of [
    ['application/problem+json', true],
    ['Application/Problem+JSON', true],
    ['application/problem+json, application/json', true],
    ['application/json, application/problem+json', false],
    ['application/json;q=0.5, application/problem+json', true],
    ['application/problem+json;q=0.5, application/json', false],
    ['application/problem+json;q=0.5, application/json;q=0.4', true],
    ['application/problem+json;q=0.5, */*', true],
    ['application/problem+json;q=0', false],
    ['application/problem+json;q=nonsense', false],
    ['application/problem+json; q=0.9 ; charset=utf-8, application/json;q=0.8', true],
    ['*/*', false],
    ['application/*', false],
    ['', false],
    ['text/html', false],
    [',;,q=,', false],
    ['application/json;q=0.5;q=1, application/problem+json;Q=0.6', true],
    ['application/problem+json;\tq=0.5\t, application/json ;q=.4', true],
    ['application/problem+json;q=1.5', false],
    // No white space on the wire.
    ['\u00a0application/problem+json', false],
    ['application/problem+json\u00a0', false],
    ['application/problem+json;q=0.5\u00a0', false],
  ] as const) {
    t.equal(prefersProblemJson(accept), isPreferred, JSON.stringify(accept))
  }
})
