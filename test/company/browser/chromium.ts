// Which Chromium: the one that LATCHKEY_TEST_CHROMIUM names, the system's, else the build that comes from npm with all that
// it needs, so that neither root nor a package manager's browser is asked for.

import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompressSync } from 'node:zlib'
import { isExecutable, packageFolder } from '../../support/apt-package.ts'
import { have } from '../programs/have.ts'

const run = promisify(execFile)

export interface Chromium {
  readonly file: string
  readonly env: NodeJS.ProcessEnv
}

const names = ['chromium', 'chromium-browser', 'chromium-headless-shell', 'google-chrome']
/** The newest whose manifest takes Node 20. */
const fromNpm = '@sparticuz/chromium@143.0.4'

/** Finds one, or brings it. Throws, saying what to install, if there is no way. */
export async function findChromium(): Promise<Chromium> {
  const named = process.env['LATCHKEY_TEST_CHROMIUM']
  if (named !== undefined) return { file: named, env: {} }
  const installed = (process.env['PATH'] ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => isExecutable(path))
  if (installed !== undefined) return { file: installed, env: {} }
  try {
    return await unpacked()
  } catch (error) {
    throw new Error(
      `no Chromium for the tests: \`sudo apt-get install chromium-headless-shell\`, or LATCHKEY_TEST_CHROMIUM with its path (${fromNpm}: ${String(error)})`,
      { cause: error },
    )
  }
}

async function unpacked(): Promise<Chromium> {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('it is for Linux on x64')
  const { root } = await have({ kind: 'npm', packages: [fromNpm] })
  const folder = packageFolder(`company-chromium-${fromNpm.replace(/^.+@/, '')}`)
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`
    try {
      await unpack(join(root, 'node_modules/@sparticuz/chromium/bin'), draft)
      renameSync(draft, folder)
    } catch (error) {
      // Another test of the run may have been first.
      if (!existsSync(folder)) throw error
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  }
  const env = { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_PATH: join(folder, 'fonts') }
  return { file: join(folder, 'chromium'), env }
}

async function unpack(packed: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const plain = (name: string): Buffer => brotliDecompressSync(readFileSync(join(packed, `${name}.br`)))
  for (const name of ['al2023.tar', 'fonts.tar']) {
    const archive = join(folder, name)
    writeFileSync(archive, plain(name))
    await run('tar', ['-xf', archive, '-C', folder])
    rmSync(archive)
  }
  const file = join(folder, 'chromium')
  writeFileSync(file, plain('chromium'))
  chmodSync(file, 0o755)
}
