import t from 'tap'
import { reasons } from '../../src/errors/reasons.ts'
import { failureSentences, sentenceOf, sentences } from '../../src/errors/sentences.ts'

const namesOf = (table: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  Object.entries(table).flatMap(([code, of]) => Object.keys(of).map((reason) => `${code} ${reason}`))

void t.test('every reason of every code has a sentence, and every sentence a reason', async (t) => {
  t.same(namesOf(sentences).toSorted(), namesOf(reasons).toSorted())
})

void t.test('sentences can be read aloud', async (t) => {
  const all = [
    ...Object.values(sentences).flatMap((of) => Object.values(of)),
    ...Object.values(failureSentences),
  ]
  for (const sentence of all) {
    // Whole sentences, without names of settings or fields, which mean nothing to who asks.
    t.match(sentence, /^[A-Z][^`_{}]*\.$/)
    t.ok(sentence.length <= 260, sentence)
  }
})

void t.test('what was let through is told by how it ended', async (t) => {
  const told = (cut: string | null) => sentenceOf({ code: null, reason: null, cut })
  t.equal(told(null), failureSentences.upstream_failed)
  t.equal(told('upstream'), failureSentences.upstream)
  t.equal(told('timeout'), failureSentences.timeout)
  t.equal(told('constructor'), failureSentences.upstream_failed)
})

void t.test('words that this version does not know are told without an explanation', async (t) => {
  const of = (code: string, reason: string | null) => sentenceOf({ code, reason, cut: null })
  t.match(of('NEW_CODE', 'why'), /refused with NEW_CODE/)
  t.match(of('INVALID_API_KEY', 'new_reason'), /refused with INVALID_API_KEY/)
  t.match(of('INVALID_API_KEY', 'constructor'), /refused with/)
  t.match(of('constructor', 'name'), /refused with/)
  t.match(of('INVALID_API_KEY', null), /refused with/)
})
