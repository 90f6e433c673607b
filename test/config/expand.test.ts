// Contract 3.

import t from 'tap'
import { expand, typeAsCore } from '../../src/config/expand.ts'

t.test('variables and defaults are put in, several in one text', async (t) => {
  const text = '${SCHEME:-http}://${HOST}:${PORT:-80}'
  t.strictSame(expand(text, { HOST: 'db' }), { ok: true, text: 'http://db:80' })
})

t.test('a default may be empty, and stands in for an empty variable too', async (t) => {
  t.strictSame(expand('[${A:-}]', {}), { ok: true, text: '[]' })
  t.strictSame(expand('${A:-x}', { A: '' }), { ok: true, text: 'x' })
})

t.test('what a variable holds is not expanded again', async (t) => {
  t.strictSame(expand('${A}', { A: '${B}', B: 'secret' }), { ok: true, text: '${B}' })
})

t.test('a variable that is not set, or empty, is named', async (t) => {
  t.strictSame(expand('${A}', {}), { ok: false, message: 'the environment variable A is not set' })
  t.strictSame(expand('${A}', { A: '' }), { ok: false, message: 'the environment variable A is empty' })
  t.match(expand('${constructor}', {}), { ok: false })
})

t.test('a malformed reference is refused', async (t) => {
  for (const text of ['${', '${}', '${A', '${A-b}', '${1A}', '${A b}'])
    t.match(expand(text, { A: '1' }), { ok: false })
})

t.test('an expansion is bounded', async (t) => {
  t.match(expand('${A}'.repeat(10), { A: 'x'.repeat(100_000) }), { ok: false })
})

t.test('expanded text is typed as YAML 1.2 types a plain scalar', async (t) => {
  const texts = ['8080', '0x1F', '0o17', '-1.5e3', 'true', 'False', 'null', '', 'off', 'yes', '1.2.3', ' 1']
  const values = [8080, 31, 15, -1500, true, false, null, null, 'off', 'yes', '1.2.3', ' 1']
  t.strictSame(texts.map(typeAsCore), values)
})

void t.test('a variable that is not set is read from the file that NAME_FILE names, each time', async (t) => {
  const folder = t.testdir({ secret: 'from file\n', empty: '' })
  const env = {
    A_FILE: `${folder}/secret`,
    B: 'set',
    B_FILE: `${folder}/secret`,
    C_FILE: `${folder}/empty`,
    D_FILE: '/nowhere',
  }
  t.same(expand('${A} ${B} ${A:-not this}', env), { ok: true, text: 'from file set from file' })
  t.match(expand('${C:-x}', env), { ok: false, message: /^C_FILE: .* is empty$/ })
  t.match(expand('${D}', env), { ok: false, message: 'D_FILE: /nowhere does not exist' })
})
