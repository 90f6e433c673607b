import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { loadConfig } from '../../src/config/load.ts'
import { packKept } from '../../src/main/kept-config.ts'
import { loadForWorker } from '../../src/main/load-for-worker.ts'
import { writeConfig } from './process.ts'

t.test(
  'a worker takes what was kept only where the files have faults, and only what is in force',
  async (t) => {
    const file = await writeConfig(t, { postgres: 'postgres://localhost/none' })
    const good = await loadConfig(file, {})
    if (!good.ok) throw new Error('the configuration has faults')
    const { sha256 } = good.config.table
    const kept = packKept(sha256, good.sources)
    let asked = 0
    const ask = async () => {
      asked++
      return kept
    }
    const onDisk = await loadForWorker({ config: file }, {}, ask)
    t.equal(onDisk.config.table.sha256, sha256)
    t.equal(onDisk.source.fault, undefined)
    t.equal(asked, 0, 'nobody asks without need')

    await writeFile(file, `${await readFile(file, 'utf8')}\nnonsense: 1\n`)
    const taken = await loadForWorker({ config: file }, {}, ask)
    t.equal(taken.config.table.sha256, sha256)
    t.match(taken.source.fault, /gateway\.yaml:\d+:\d+ .*nonsense/)
    t.ok(taken.source.files.includes(file), 'the file on disk is watched')

    await t.test('nothing else that was sent is taken', async (t) => {
      for (const other of [
        undefined,
        { ...kept, sha256: 'ab'.repeat(32) },
        { ...kept, files: {} },
        { ...kept, files: { ...kept.files, [file]: '' } },
      ]) {
        await t.rejects(
          loadForWorker({ config: file }, {}, async () => other),
          { message: /nonsense/ },
        )
      }
    })
  },
)

t.test('a file that is kept is kept as it was, with a mark at its beginning', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-kept-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const file = await writeConfig(t, { postgres: 'postgres://localhost/none' })
  await writeFile(file, `\uFEFF${await readFile(file, 'utf8')}`)
  const good = await loadConfig(file, {})
  if (!good.ok) throw new Error('the configuration has faults')
  const kept = packKept(good.config.table.sha256, good.sources)
  await rm(file)
  const taken = await loadForWorker({ config: file }, {}, async () => kept)
  t.equal(taken.config.table.sha256, good.config.table.sha256)
})
