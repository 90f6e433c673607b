// docs/oauth-standards.md: each test that it names is there.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => readFile(join(root, file), 'utf8')

t.test('each line names a test that exists', async (t) => {
  const text = await read('docs/oauth-standards.md')
  const lines = text.split('\n').filter((line) => /^\| [^s-]/.test(line))
  t.ok(lines.length > 50, String(lines.length))
  for (const line of lines) {
    const [, file = '', name = ''] = /\| `(test\/[^`]+)`: (.+) \|$/.exec(line) ?? []
    const source = await read(file).catch(() => '')
    t.ok(name !== '' && source.includes(`'${name}'`), line)
  }
})

t.test('each standard that is asked for has its part', async (t) => {
  const text = await read('docs/oauth-standards.md')
  for (const name of ['6749', '7636', '7009', '7662', '8414', '9126', '9207', '9449', '9700', 'FAPI 2.0'])
    t.match(text, new RegExp(`^## .*${name}`, 'm'), name)
})
