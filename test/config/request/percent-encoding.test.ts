import * as fc from 'fast-check'
import t from 'tap'
import { decodeWholly, isDotSegment } from '../../../src/config/request/percent-encoding.ts'

/** Pass after pass, until nothing changes: what the one pass stands for. */
function decodedPassByPass(text: string): string {
  for (let before = text; ; ) {
    const after = before.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    if (after === before) return after
    before = after
  }
}

const wholly = (text: string) => decodeWholly(text).toString('latin1')

t.test('one pass finds what any number of passes would', async (t) => {
  const piece = fc.constantFrom('%', '25', '%25', '2', '5', 'f', 'F', '%2', '%32', '%66', '%c3', 'a', '/', '')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      if (wholly(text) !== decodedPassByPass(text)) throw new Error(text)
    }),
    { numRuns: 5_000 },
  )
  t.pass('5,000 texts')
})

t.test('bytes that only who decodes again reads are told apart, each with its place', async (t) => {
  const told = (text: string) => {
    const bytes: string[] = []
    decodeWholly(text, ({ byte, isNested, at }) => {
      bytes.push(`${String.fromCharCode(byte)}${isNested ? ' nested' : ''} ${at}`)
    })
    return bytes
  }
  t.same(told('/a%41'), ['A 2'])
  t.same(told('/%2541'), ['% 1', 'A nested 1'])
  t.same(told('/%25%34%31'), ['% 1', '4 4', '1 7', 'A nested 1'])
  t.same(told('/100%25.pdf'), ['% 4'])
})

t.test('a path of many nested escapes costs no more than its bytes', async (t) => {
  const nested = `%${'25'.repeat(100_000)}`
  t.equal(wholly(nested), '%')
})

t.test('a dot segment is one or two dots, plain or escaped', async (t) => {
  for (const text of ['.', '..', '%2e', '.%2E', '%2e%2e']) t.ok(isDotSegment(text, 0, text.length), text)
  for (const text of ['', '...', 'a', '.a', '%2e%2e.', '%2f'])
    t.notOk(isDotSegment(text, 0, text.length), text)
})
