import t from 'tap'
import { layoutFaults } from './support/architecture.ts'
import { importCircles, readSourceTree } from './support/source-tree.ts'

void t.test('the sources keep to the layout', async (t) => {
  const tree = readSourceTree('src')
  t.ok(tree.has('src/main.ts'))
  t.same(layoutFaults(tree), [])
})

void t.test('an import against the direction is found, in whatever form', async (t) => {
  for (const text of [
    "import { createPostgres } from '../store/postgres.ts'",
    "import type { Postgres } from '../store/postgres.ts'",
    "import {\n  a,\n  b,\n} from '../store/postgres.ts'",
    "import * as all from '../store/postgres.ts'",
    "import '../store/postgres.ts'",
    "export { a } from '../store/postgres.ts'",
    "const a = await import('../store/postgres.ts')",
    "/** Doc. */\nimport { a } from './b.ts'\nimport { c } from '../store/postgres.ts'",
  ]) {
    t.same(
      layoutFaults(new Map([['src/gateway/server.ts', text]])),
      ['src/gateway/server.ts: may not import src/store/postgres.ts'],
      text,
    )
  }
})

void t.test('each folder may import what it is meant to, and not what it must not know', async (t) => {
  for (const [from, to, isAllowed] of [
    ['gateway/a.ts', 'lookup/chain.ts', true],
    ['gateway/a.ts', 'control/server.ts', false],
    ['gateway/a.ts', 'cli/exit.ts', false],
    ['control/keys/a.ts', 'control/server.ts', true],
    ['control/a.ts', 'gateway/server.ts', false],
    ['control/a.ts', 'store/postgres.ts', true],
    ['credentials/a.ts', 'errors/denial.ts', true],
    ['credentials/a.ts', 'config/compiled.ts', false],
    ['errors/a.ts', 'credentials/record.ts', false],
    ['telemetry/a.ts', 'errors/denial.ts', false],
    ['store/a.ts', 'lookup/chain.ts', false],
    ['cli/a.ts', 'config/load.ts', true],
    ['cli/a.ts', 'tables/cases/read-cases.ts', true],
    ['tables/cases/a.ts', 'config/load.ts', true],
    ['tables/cases/a.ts', 'tables/replay/replay.ts', true],
    ['tables/cases/a.ts', 'gateway/server.ts', false],
    ['config/a.ts', 'tables/cases/read-cases.ts', false],
    ['config/a.ts', 'decision/judge.ts', false],
    ['decision/a.ts', 'lookup/chain.ts', true],
    ['decision/a.ts', 'gateway/access.ts', false],
    ['decision/a.ts', 'tables/replay/replay.ts', false],
    ['decision/a.ts', 'control/server.ts', false],
    ['decision/a.ts', 'store/postgres.ts', false],
    ['decision/a.ts', 'telemetry/log.ts', false],
    ['gateway/a.ts', 'decision/stages.ts', true],
    ['tables/cases/a.ts', 'decision/decide.ts', true],
    ['control/a.ts', 'decision/decide.ts', false],
    ['lookup/a.ts', 'decision/stages.ts', false],
    ['cli/config/a.ts', 'decision/decide.ts', true],
    ['gateway/a.ts', 'tables/cases/read-cases.ts', false],
    ['control/a.ts', 'tables/cases/read-cases.ts', false],
    ['cli/a.ts', 'control/operator.ts', false],
    ['cli/a.ts', 'store/postgres.ts', false],
    ['sample/a.ts', 'errors/denial.ts', false],
    ['main.ts', 'main/start.ts', true],
    ['main/a.ts', 'gateway/server.ts', true],
    ['config/a.ts', 'main.ts', false],
  ] as const) {
    const depth = from.split('/').length
    const specifier = `${depth === 1 ? './' : '../'.repeat(depth - 1)}${to}`
    const faults = layoutFaults(new Map([[`src/${from}`, `import { a } from '${specifier}'\n`]]))
    t.equal(faults.length === 0, isAllowed, `${from} → ${to}`)
  }
})

void t.test('code outside the known folders, and imports that leave src, are found', async (t) => {
  t.match(layoutFaults(new Map([['src/extra/a.ts', '']])), [/in no folder/])
  t.match(layoutFaults(new Map([['src/a.ts', '']])), [/in no folder/])
  const outside = "import { a } from '../../test/support/database.ts'"
  t.match(layoutFaults(new Map([['src/main/a.ts', outside]])), [/may not import test\/support/])
})

void t.test('what the text of a file must not hold is found', async (t) => {
  for (const [path, text, fault] of [
    ['src/config/a.ts', 'export default 1', /default export/],
    ['src/config/a.ts', 'export { a as default }', /default export/],
    ['src/config/a.ts', "export * from './b.ts'", /whole file/],
    ['src/config/index.ts', '', /barrel/],
    ['src/config/utils.ts', '', /says nothing/],
    ['src/config/string-helpers.ts', '', /says nothing/],
    ['src/gateway/middleware/a.ts', '', /says nothing/],
    ['src/config/a.ts', "import { b } from './b'", /without \.ts/],
    ['src/config/a.ts', "import { b } from './b.js'", /without \.ts/],
    ['src/control/a.ts', 'db.query(`SELECT id\n  FROM merchant`)', /SQL/],
    ['src/lookup/a.ts', "'INSERT INTO outbox'", /SQL/],
    ['src/lookup/a.ts', "'update head set revision = 1'", /SQL/],
    ['src/main/a.ts', "'DELETE FROM merchant'", /SQL/],
    ['src/control/keys/routes.ts', 'Secret.reveal(secret)', /unwrapped/],
    ['src/gateway/a.ts', "Secret['reveal'](secret)", /unwrapped/],
    ['src/config/a.ts', 'process.env.PATH', /environment/],
    ['src/store/a.ts', "import { env } from 'node:process'", /environment/],
    ['src/lookup/a.ts', "import pg from 'pg'", /connection/],
    ['src/control/a.ts', "import { Redis } from 'ioredis'", /connection/],
    ['src/main/a.ts', "await import('pg')", /connection/],
    ['src/gateway/a.ts', 'value.trim()', /white space/],
    ['src/gateway/upstream/a.ts', 'value?.trimEnd()', /white space/],
    ['src/config/request/a.ts', '/^bearer\\s+/', /white space/],
    ['src/decision/a.ts', "import type { IncomingMessage } from 'node:http'", /in the decision/],
    ['src/decision/request/a.ts', "import { isIP, type Socket } from 'node:net'", /in the decision/],
    ['src/decision/a.ts', "import fastify from 'fastify'", /in the decision/],
    ['src/decision/a.ts', "import { performance } from 'node:perf_hooks'", /in the decision/],
    ['src/errors/a.ts', "text.split(';').map((part) => part.trim())", /white space/],
  ] as const) {
    t.match(layoutFaults(new Map([[path, text]])), [fault], `${path}: ${text}`)
  }
})

void t.test('comments and names that only look alike are no faults', async (t) => {
  const text = [
    "// import { a } from '../store/postgres.ts'",
    '/**',
    ' * SELECT a FROM b; process.env',
    ' */',
    "import { b } from './b.ts'",
    "import type { Redis } from 'ioredis'",
    'const doing = `update key ${id}`',
    'const name = text.trim()',
  ].join('\n')
  t.same(layoutFaults(new Map([['src/cli/types-of-key.ts', text]])), [])
})

void t.test('header text is trimmed where it comes from a file, and by our own function', async (t) => {
  t.same(layoutFaults(new Map([['src/config/a.ts', 'line.trim()']])), [])
  t.same(layoutFaults(new Map([['src/gateway/a.ts', '// not by trim()\nconst a = trimBlanks(value)']])), [])
})

void t.test('nothing imports what imports it, not even a type', async (t) => {
  const tree = new Map([...readSourceTree('src'), ...readSourceTree('bench'), ...readSourceTree('test')])
  t.same(importCircles(tree), [])
})

void t.test('a circle of imports is found, of whatever length and form', async (t) => {
  const tree = new Map([
    ['src/a.ts', "import type { B } from './b.ts'\n"],
    ['src/b.ts', "import {\n  c,\n} from './c/c.ts'\n"],
    ['src/c/c.ts', "const a = await import('../a.ts')\n"],
    ['src/d.ts', "import { a } from './a.ts'\nimport './d.ts'\n"],
    ['src/e.ts', "import { d } from './d.ts'\n"],
  ])
  t.same(importCircles(tree), [['src/a.ts', 'src/b.ts', 'src/c/c.ts'], ['src/d.ts']])
  t.same(importCircles(new Map([...tree].filter(([path]) => path === 'src/e.ts'))), [])
})
