import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { canWrite, chooseDemoConfig } from '../../../src/main/demo/demo-home.ts'

t.test('where the package can be written to, its own configuration is run', (t) => {
  const folder = t.testdir({ 'demo.yaml': 'a' })
  t.equal(canWrite(folder), true)
  const file = join(folder, 'demo.yaml')
  t.equal(chooseDemoConfig(file, { env: {}, canWrite }), file)
  t.equal(canWrite(join(folder, 'nowhere')), false)
  t.end()
})

t.test("a package that its user cannot write to is run from a copy in the user's own folder", (t) => {
  const folder = t.testdir({
    package: {
      'demo.yaml': 'gateway',
      permissions: { 'flintn.yaml': 'table' },
      '.latchkey': { 'gateway.log': 'of somebody else' },
    },
    home: {},
  })
  const shipped = join(folder, 'package', 'demo.yaml')
  const choose = (env: NodeJS.ProcessEnv) => chooseDemoConfig(shipped, { env, canWrite: () => false })
  const inHome = join(folder, 'home', '.local', 'share', 'latchkey', 'demo')
  t.equal(choose({ HOME: join(folder, 'home') }), join(inHome, 'demo.yaml'))
  t.equal(readFileSync(join(inHome, 'permissions', 'flintn.yaml'), 'utf8'), 'table')
  t.throws(() => readFileSync(join(inHome, '.latchkey', 'gateway.log')))
  writeFileSync(join(inHome, 'permissions', 'flintn.yaml'), 'edited')
  choose({ HOME: join(folder, 'home') })
  t.equal(readFileSync(join(inHome, 'permissions', 'flintn.yaml'), 'utf8'), 'edited', 'an edit stays')
  const data = join(folder, 'data')
  mkdirSync(data)
  t.equal(choose({ HOME: '/nowhere', XDG_DATA_HOME: data }), join(data, 'latchkey', 'demo', 'demo.yaml'))
  const relative = choose({ HOME: join(folder, 'home'), XDG_DATA_HOME: 'data' })
  t.equal(relative, join(inHome, 'demo.yaml'), 'a relative folder is ignored')
  t.end()
})
