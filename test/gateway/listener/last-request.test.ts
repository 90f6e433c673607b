import t from 'tap'
import { judgeMessage } from '../../../src/decision/message.ts'
import { createLastRequestGuard } from '../../../src/gateway/listener/last-request.ts'
import { accessOf, loadDemo } from '../subject.ts'

const config = await loadDemo()
const { limits } = config.settings.gateway
const host = 'Host: api.flintn.com'

t.test(
  'a head that is over a limit is the last one of its connection, as it was not read to its end',
  async (t) => {
    const many = Array.from({ length: limits.headerCount + 1 }, () => 'A: b')
    const access = accessOf(config, { fields: [host, ...many] })
    const [guard, stage] = [createLastRequestGuard(), judgeMessage(limits, false)]
    t.equal(await guard(access), undefined)
    t.match(await stage(access), { code: 'HEADERS_TOO_LARGE', reason: 'header_count' })
    t.equal(access.reply.shouldKeepAlive, false)
    const next = accessOf(config, { fields: [host] })
    next.raw.socket = access.raw.socket
    t.match(await guard(next), { code: 'BAD_REQUEST', reason: 'after_last_request' })
  },
)
