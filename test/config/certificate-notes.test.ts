import t from 'tap'
import { notesOnNames, notesOnTime } from '../../src/config/certificate-notes.ts'
import { readPair } from '../../src/config/certificates.ts'
import { makeAuthority } from '../support/certificates.ts'

const dayMs = 86_400_000

t.test('the end is told of 30 and 7 days before, and after it', async (t) => {
  const { chain } = readPair(makeAuthority(t).make('year', { fromDays: -1, toDays: 364 }))
  const kinds = (inDays: number) =>
    notesOnTime({ file: 'f', chain }, Date.now() + inDays * dayMs).map(({ kind }) => kind)
  t.same(kinds(330), [])
  t.same(kinds(335), ['ends_in_weeks'])
  t.same(kinds(356), ['ends_in_weeks'])
  t.same(kinds(358), ['ends_in_days'])
  t.same(kinds(365), ['expired'])
  t.same(kinds(-2), ['not_yet_valid'])
  const [note] = notesOnTime({ file: '/etc/a.pem', chain }, Date.now() + 358 * dayMs)
  t.match(note, { text: /^\/etc\/a\.pem: expires in 6 days, at 20/, isGrave: true })
  t.equal(notesOnTime({ file: 'f', chain }, Date.now() + 340 * dayMs)[0]?.isGrave, false)
})

t.test('one that lives for days only is told of later: it is never far from its end', async (t) => {
  const { chain } = readPair(makeAuthority(t).make('short', { fromDays: 0, toDays: 6 }))
  const kinds = (inDays: number) =>
    notesOnTime({ file: 'f', chain }, Date.now() + inDays * dayMs).map(({ kind }) => kind)
  t.same(kinds(1), [])
  t.same(kinds(5), ['ends_in_weeks'])
  t.same(kinds(5.8), ['ends_in_days'])
})

t.test('hosts that it is not for, and names that no API has', async (t) => {
  const names = ['api.example', '*.b.example', 'www.example', 'IP:127.0.0.1']
  const { chain } = readPair(makeAuthority(t).make('names', { names }))
  const told = (hosts: string[]) =>
    notesOnNames({ file: 'f', chain }, hosts).map(({ kind, text }) => `${kind} ${text}`)
  t.same(told(['api.example', 'x.b.example', 'www.example', '127.0.0.1']), [])
  t.same(told(['api.example', 'x.b.example', 'other.example', '10.0.0.1']), [
    'uncovered f: is not for the host other.example, which clients ask for',
    'uncovered f: is not for the host 10.0.0.1, which clients ask for',
    'unused f: is for www.example, which no API has as a host',
  ])
  t.same(told(['*']), [], 'any host may be asked for')
})
