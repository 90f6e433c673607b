// Contract 2.

import t from 'tap'
import { createConsole } from './console.ts'

void t.test('the permissions in force are listed, of all APIs or of one', async (t) => {
  const { type, subject } = await createConsole(t)
  const { stdout } = await type('permissions')
  t.match(stdout, /^API +PERMISSION +WHAT IT ALLOWS\nflintn +transaction\.read +Read transactions\n/)
  t.equal(stdout.trimEnd().split('\n').length, 5)
  t.equal((await type('permissions', '--api', 'flint')).stdout.trimEnd().split('\n').length, 3)
  t.match(await type('permissions', '--api', 'flut'), { code: 1, stderr: /there are flintn, flint/ })
  const listed: unknown = JSON.parse((await type('permissions', '--json')).stdout)
  t.same(listed, (await subject.call('GET', '/permissions')).body)
})
