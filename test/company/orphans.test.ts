// What a test has started does not outlive it, however it ends.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const holder = fileURLToPath(new URL('programs/holder.js', import.meta.url))

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
  t.test(`a server and its workers end with a test that is ended by ${signal}`, async (t) => {
    const child = spawn(process.execPath, [holder], { stdio: ['ignore', 'pipe', 'inherit'] })
    t.teardown(() => child.kill('SIGKILL'))
    const [port] = await once(child.stdout, 'data')
    t.equal(await accepts(Number(port)), true, 'it runs')
    child.kill(signal)
    await once(child, 'exit')
    let isThere = true
    for (let i = 0; i < 500 && isThere; i++) {
      isThere = await accepts(Number(port))
      await sleep(10)
    }
    t.notOk(isThere, 'nobody listens any more')
  })
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
