// What the admin API explains is what the gateway does: asked and sent, by the whole program.

import t from 'tap'
import { send } from '../hub/send.ts'
import { startTestProgram } from '../support/program.ts'

void t.test('what is explained of a key is what becomes of a request with it', async (t) => {
  const program = await startTestProgram(t, { sections: '' })
  const merchant = await program.admin.makeMerchant()
  const { id, secret } = await program.admin.makeKey(merchant, { permissions: ['transaction.read'] })
  for (const path of ['/v1/status', '/v1/transactions/1', '/v1/transactions', '/v1/nowhere', '/v1/../etc']) {
    const url = encodeURIComponent(`https://api.flintn.com${path}`)
    const { status, body } = await program.admin.call('GET', `/explain?method=GET&url=${url}&key_id=${id}`)
    t.equal(status, 200)
    const answered = await send(program.gatewayPort, { host: 'api.flintn.com', path, secret })
    t.equal(body['status'] ?? 200, answered, path)
    t.equal(body['decision'], answered === 200 ? 'allow' : 'deny')
    t.notOk('headers' in body, 'those of an upstream are its secrets')
  }
  const { body } = await program.admin.call('GET', '/explain?method=GET&url=/v1/transactions/1')
  t.match(body, {
    code: 'MISSING_API_KEY',
    held: null,
    required: ['transaction.read'],
    route: { source: /:\d+:\d+$/ },
  })
  t.equal((await program.admin.call('GET', '/explain?method=FETCH&url=/')).status, 422)
  t.equal((await program.admin.call('GET', '/explain?method=GET&url=ftp://x/')).status, 422)
})
