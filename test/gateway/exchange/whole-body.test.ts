// Contract 5.8 and 6.
// Which bodies go on whole, and which as a stream.

import t from 'tap'
import { mayComeWhole, wholeBody } from '../../../src/gateway/exchange/whole-body.ts'
import { accessOf, loadDemo } from '../subject.ts'

const config = await loadDemo()

/** A POST whose head says `fields`, and of whose body so many bytes are there. */
function accessWith(fields: readonly string[], bytes: number) {
  const access = accessOf(config, { method: 'POST', fields: ['Host: api.flintn.com', ...fields] })
  if (bytes > 0) access.raw.push(Buffer.alloc(bytes, 'x'))
  return access
}

t.test('all of a small body is there: it goes whole, and the request comes to its end', async (t) => {
  for (const size of [1, 2_048, 16_384]) {
    const access = accessWith([`Content-Length: ${size}`], size)
    t.notOk(mayComeWhole(access), 'nothing to wait for')
    const ended = new Promise((resolve) => access.raw.once('end', resolve))
    t.equal(wholeBody(access)?.length, size)
    access.raw.push(null)
    await ended
  }
})

t.test('a small body that came in several pieces before it was wanted is taken whole', async (t) => {
  const access = accessWith(['Content-Length: 2048'], 1_000)
  access.raw.push(Buffer.alloc(1_000, 'y'))
  access.raw.push(Buffer.alloc(48, 'z'))
  t.same(wholeBody(access)?.toString(), `${'x'.repeat(1_000)}${'y'.repeat(1_000)}${'z'.repeat(48)}`)
})

t.test('some of a small body is there: it may come, and is not taken before it has', (t) => {
  for (const bytes of [0, 1, 2_047]) {
    const access = accessWith(['Content-Length: 2048'], bytes)
    t.ok(mayComeWhole(access))
    t.equal(wholeBody(access), undefined)
    t.equal(access.raw.readableLength, bytes, 'what is there stays')
  }
  t.end()
})

const streamed: Record<string, readonly [fields: readonly string[], bytes: number]> = {
  'a large one, which would be kept until the answer has ended': [['Content-Length: 16385'], 16_385],
  'a chunked one, which goes on chunked': [['Transfer-Encoding: chunked'], 10],
  'one that waits to be asked for': [['Content-Length: 10', 'Expect: 100-continue'], 10],
  none: [[], 0],
}
for (const [name, [fields, bytes]] of Object.entries(streamed)) {
  t.test(`never whole: ${name}`, (t) => {
    const access = accessWith(fields, bytes)
    t.notOk(mayComeWhole(access))
    t.equal(wholeBody(access), undefined)
    t.equal(access.raw.readableLength, bytes)
    t.end()
  })
}
