import { inspect } from 'node:util'
import t from 'tap'
import { Secret } from '../../src/credentials/secret.ts'
import { createLog } from '../../src/telemetry/log.ts'

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
