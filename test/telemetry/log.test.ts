import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/credentials/secret.ts'
import { createLog, shortened } from '../../src/telemetry/log.ts'

const hidden = 'pk_live_hidden'

function captured(level = 'info') {
  const lines: string[] = []
  const { logger } = createLog({ level, stream: { write: (line: string) => void lines.push(line) } })
  return {
    logger,
    lines,
    entry: (): Record<string, unknown> => ({ ...Object(JSON.parse(lines.at(-1) ?? '{}')) }),
  }
}

t.test('a line is one JSON object, with level and time as people read them', (t) => {
  const { logger, lines, entry } = captured()
  logger.info({ port: 1 }, 'ready')
  t.match(lines[0], /\}\n$/)
  t.match(entry(), { level: 'info', msg: 'ready', port: 1, time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ })
  t.end()
})

t.test('below the level nothing is written', (t) => {
  const { logger, lines } = captured('warn')
  logger.info('quiet')
  logger.warn('loud')
  t.equal(lines.length, 1)
  t.end()
})

t.test('a secret is never written, under whatever name', (t) => {
  const { logger, lines } = captured()
  const secret = new Secret(hidden)
  logger.info({ key: secret, deep: { list: [secret] } }, `with ${String(secret)} and ${inspect(secret)}`)
  logger.error(new Error(`about ${String(secret)}`))
  t.notMatch(lines.join(''), 'hidden')
  t.match(lines[0], /\[secret\]/)
  t.end()
})

t.test('text under a name that holds secrets is struck out', (t) => {
  const { logger, lines } = captured()
  for (const entry of [
    { secret: hidden },
    { token: hidden },
    { authorization: hidden },
    { headers: { 'x-api-key': hidden } },
    { req: { headers: { authorization: hidden } } },
    { key: { secret: hidden } },
    { admin: { token: hidden } },
  ]) {
    logger.info(entry)
  }
  t.notMatch(lines.join(''), 'hidden')
  t.end()
})

t.test('flushing a stream that keeps nothing back does nothing', (t) => {
  const log = createLog({ level: 'info', stream: { write() {} } })
  log.flush()
  t.pass()
  t.end()
})

t.test('a file has the lines when they are flushed', async (t) => {
  const file = join(t.testdir(), 'log')
  const log = createLog({ level: 'info', file })
  log.logger.info('one')
  log.flush()
  while (readFileSync(file, 'utf8') === '') await new Promise((resolve) => setTimeout(resolve, 5))
  t.match(JSON.parse(readFileSync(file, 'utf8')), { msg: 'one' })
  t.notOk(log.losses.isDropping())
})

t.test('lines for a file on a full disk are counted', async (t) => {
  const log = createLog({ level: 'info', file: '/dev/full' })
  for (let i = 0; i < 3; i++) log.logger.info('lost')
  log.flush()
  while (log.losses.dropped() === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  t.equal(log.losses.dropped(), 3)
  t.ok(log.losses.isDropping())
})

t.test('a line too long for a pipe that processes share is cut to what stays whole', (t) => {
  for (const letter of ['a', 'é', '"', '\u0000']) {
    const line = `{"level":"warn","time":"now","text":${JSON.stringify(letter.repeat(5_000))}}\n`
    const short = shortened(line)
    t.ok(Buffer.byteLength(short) <= 4096)
    t.match(JSON.parse(short), { level: 'warn', begins: line.slice(0, 600) })
  }
  t.end()
})
