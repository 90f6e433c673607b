import t from 'tap'
import { createAnswerReader } from '../../bench/connection.ts'

const answer = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello'

function read(chunks: readonly string[]): { statuses: number[]; failures: string[] } {
  const statuses: number[] = []
  const failures: string[] = []
  const reader = createAnswerReader({
    answered: (status) => statuses.push(status),
    failed: (reason) => failures.push(reason),
  })
  for (const chunk of chunks) reader(Buffer.from(chunk))
  return { statuses, failures }
}

void t.test('an answer is told once, wherever it is cut', async (t) => {
  for (let at = 1; at < answer.length; at++) {
    t.same(read([answer.slice(0, at), answer.slice(at)]), { statuses: [200], failures: [] }, `cut at ${at}`)
  }
  t.same(read(answer.split('')), { statuses: [200], failures: [] })
})

void t.test('answers after each other are each told, those without a body too', async (t) => {
  const empty = 'HTTP/1.1 403 Forbidden\r\ncontent-length:0\r\n\r\n'
  t.same(read([answer, empty, answer]), { statuses: [200, 403, 200], failures: [] })
})

void t.test('what cannot be counted is a failure', async (t) => {
  t.match(read(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n']).failures, [
    /without Content-Length/,
  ])
  t.match(read([`${answer}more`]).failures, [/more than one answer/])
})
