// docs/configuration.md says what the schemas say, and what it shows is taken.

import { readFileSync } from 'node:fs'
import t from 'tap'
import { Value } from 'typebox/value'
import { DenyFile } from '../../src/config/deny-schema.ts'
import type { Shape } from '../../src/config/fit.ts'
import { PermissionFile } from '../../src/config/permission-schema.ts'
import { referenceText, reloadOf } from '../../src/config/reference.ts'
import { GatewayFile } from '../../src/config/schema.ts'

interface Setting {
  readonly path: string
  readonly shape: Shape
}

/** Every setting with its path, however deep. */
function settingsOf(shape: Shape, path = ''): Setting[] {
  const items = shape.items === undefined ? [] : [shape.items]
  const inner = [...Object.values(shape.patternProperties ?? {}), ...items, ...(shape.anyOf ?? [])]
  const own = Object.entries(shape.properties ?? {}).flatMap(([key, setting]) => {
    const name = path === '' ? key : `${path}.${key}`
    return [{ path: name, shape: setting }, ...settingsOf(setting, name)]
  })
  return [...own, ...inner.flatMap((one) => settingsOf(one, shape.anyOf === undefined ? `${path}.*` : path))]
}

const files: readonly Shape[] = [GatewayFile, PermissionFile, DenyFile]

t.test('the committed document is up to date (npm run docs)', async (t) => {
  t.equal(readFileSync('docs/configuration.md', 'utf8'), referenceText())
})

t.test('every setting has a row in the section of its mapping', async (t) => {
  const rows = new Set<string>()
  let section = ''
  for (const line of referenceText().split('\n')) {
    if (line.startsWith('#')) section = /^### `(.+)`$/.exec(line)?.[1] ?? ''
    const [, key] = /^\| `([^`]+)` \|/.exec(line) ?? []
    if (key !== undefined) rows.add(section === '' ? key : `${section}.${key}`)
  }
  const settings = files.flatMap((file) => settingsOf(file))
  t.ok(settings.length > 80)
  t.same(
    settings.map(({ path }) => path).filter((path) => !rows.has(path)),
    [],
  )
})

t.test('every example is a value of its setting, and each setting without a default has one', async (t) => {
  for (const { path, shape } of files.flatMap((file) => settingsOf(file))) {
    const { examples = [] } = shape
    for (const example of examples)
      t.ok(Value.Check({ ...shape }, example), `${path}: ${JSON.stringify(example)}`)
    const isMapping = shape.properties !== undefined || shape.patternProperties !== undefined
    t.ok(isMapping || shape.default !== undefined || examples.length > 0, path)
  }
})

t.test('what may be `none` says so among its values', async (t) => {
  const rows = referenceText().split('\n')
  const open = files
    .flatMap((file) => settingsOf(file))
    .filter(({ shape }) => shape.expects?.includes('`none`'))
  t.ok(open.length >= 6)
  for (const { path } of open) {
    const key = path.slice(path.lastIndexOf('.') + 1)
    t.ok(
      rows.some((row) => row.startsWith(`| \`${key}\` |`) && row.split(' | ')[2]?.includes('`none`')),
      path,
    )
  }
})

t.test('a reload takes tables, upstreams, identity headers and the deny file', async (t) => {
  for (const path of ['apis.*.permissions', 'upstreams.*.url', 'identity.key', 'gateway.deny', 'apis'])
    t.equal(reloadOf(path), 'at once', path)
  for (const path of [
    'gateway',
    'gateway.port',
    'gateway.limits.url_bytes',
    'control.host',
    'redis',
    'gateway.denyx',
  ])
    t.equal(reloadOf(path), 'restart', path)
})
