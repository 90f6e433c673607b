import t from 'tap'
import { isEnvironmentName } from '../../src/credentials/environment.ts'

t.test('a name is a letter and up to 31 more of a-z, 0-9, `-`, `_`', async (t) => {
  for (const name of ['live', 'sandbox', 'x', 'eu-west_2', `a${'9'.repeat(31)}`])
    t.equal(isEnvironmentName(name), true, name)
  for (const name of ['', 'Live', '1st', '-x', '_x', 'a b', 'a,b', 'a.b', 'é', 'a\n', `a${'9'.repeat(32)}`])
    t.equal(isEnvironmentName(name), false, JSON.stringify(name))
})
