import { join } from 'node:path'
import t from 'tap'
import { readEnvFile } from '../../../src/cli/config/env-file.ts'
import { exitCodes } from '../../../src/cli/exit.ts'

t.test('a line is a name and what it holds, as it stands', async (t) => {
  const text = [
    '# Of a pipeline',
    '',
    'DATABASE_URL=postgres://nobody@localhost/none?a=b#c',
    'export REDIS_URL="redis://localhost"',
    "  QUOTED = 'no name'".replace(' = ', '='),
    'EMPTY=',
    'DOLLAR=${NAME} $(rm)',
    `HALF="a`,
    'LAST=1\r',
  ]
  const folder = t.testdir({ env: `\ufeff${text.join('\n')}` })
  t.same(await readEnvFile(join(folder, 'env')), {
    DATABASE_URL: 'postgres://nobody@localhost/none?a=b#c',
    REDIS_URL: 'redis://localhost',
    QUOTED: 'no name',
    EMPTY: '',
    DOLLAR: '${NAME} $(rm)',
    HALF: '"a',
    LAST: '1',
  })
})

t.test('lines that are none are all told, and nothing of what they hold', async (t) => {
  const folder = t.testdir({ env: 'A=1\ns3cret\nB C=s3cret\n1=s3cret\n' })
  const file = join(folder, 'env')
  const error = await readEnvFile(file).catch((error: unknown) => error)
  t.match(error, { exitCode: exitCodes.usage, lines: [/env:2:1 /, /env:3:1 /, /env:4:1 /] })
  t.notMatch(JSON.stringify(error) + String(error), 's3cret')
  await t.rejects(readEnvFile(join(folder, 'none')), {
    message: /none does not exist/,
    exitCode: 2,
  })
})
