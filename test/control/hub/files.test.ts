import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readHubFiles } from '../../../src/control/hub/files.ts'

void t.test('the built hub is read whole: its page, and the files that the page names', async (t) => {
  const { page, assets } = readHubFiles()
  const named = [...page.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, name = '']) => name)
  t.ok(named.length >= 2)
  for (const name of named) t.ok(assets.has(name), name)
  for (const place of ['<base href="./"', 'name="style-nonce" content=""']) t.ok(page.includes(place), place)
  t.notMatch(page, /<script(?![^>]*\bsrc=)/, 'no script stands in the page')
  t.notMatch(page, /<style/)
})

void t.test('files of other kinds are left out; a hub that was not built is a fault', async (t) => {
  const folder = t.testdir({})
  t.throws(() => readHubFiles(folder))
  mkdirSync(join(folder, 'assets/inner.js'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), 'page')
  writeFileSync(join(folder, 'assets/a.js'), 'a')
  writeFileSync(join(folder, 'assets/a.js.map'), '{}')
  const { page, assets } = readHubFiles(folder)
  t.equal(page, 'page')
  t.same([...assets.keys()], ['assets/a.js'])
})
