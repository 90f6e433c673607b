// Gets documents from where they are published, once: into `.cache/documents`.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { From, Source } from './sources.ts'

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../../.cache/documents/', import.meta.url))
const largestBytes = 64 * 1024 * 1024

/** The files of a source. Throws, in words, where they cannot be had. */
export async function obtain({ api, from, files }: Source): Promise<string[]> {
  const folder = join(
    cache,
    `${api}-${from.kind === 'git' ? from.commit : from.version}`.replace(/[^\w.-]/g, '_'),
  )
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true })
    const draft = mkdtempSync(join(cache, 'getting-'))
    try {
      const read = await open(from, draft)
      const wanted = read.paths.filter((path) => files.test(path))
      if (wanted.length === 0) throw new Error('it has no such file')
      const drafted = join(draft, 'documents')
      mkdirSync(drafted)
      for (const path of wanted)
        writeFileSync(join(drafted, path.replaceAll('/', '_')), await read.text(path))
      renameSync(drafted, folder)
    } catch (error) {
      const why = error instanceof Error ? error.message : ''
      throw new Error(`the documents of ${api} cannot be had: ${why}`, { cause: error })
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  }
  return documentsIn(folder)
}

/** What may be documents in a folder, and in those in it. */
export function documentsIn(folder: string): string[] {
  return filesIn(folder).filter((path) => /\.(?:json|ya?ml)$/i.test(path))
}

interface Opened {
  readonly paths: readonly string[]
  text(path: string): Promise<string>
}

async function open(from: From, draft: string): Promise<Opened> {
  if (from.kind === 'git') return openCommit(from.repository, from.commit, draft)
  return openFolder(from.kind === 'npm' ? await unpacked(from, draft) : await goModule(from, draft))
}

async function openCommit(repository: string, commit: string, draft: string): Promise<Opened> {
  const git = async (...words: string[]): Promise<string> => {
    const { stdout } = await run('git', ['-C', draft, ...words], { maxBuffer: largestBytes })
    return stdout
  }
  await git('init', '--quiet', '--bare')
  await git('fetch', '--quiet', '--depth=1', `https://github.com/${repository}`, commit)
  const names = await git('ls-tree', '-r', '-z', '--name-only', commit)
  return { paths: names.split('\0').filter(Boolean), text: async (path) => git('show', `${commit}:${path}`) }
}

function openFolder(folder: string): Opened {
  return {
    paths: filesIn(folder).map((path) => relative(folder, path)),
    text: async (path) => readFile(join(folder, path), 'utf8'),
  }
}

interface Package {
  readonly name: string
  readonly version: string
}

async function unpacked({ name, version }: Package, draft: string): Promise<string> {
  const wanted = `${name}@${version}`
  await run('npm', ['pack', '--silent', '--pack-destination', draft, wanted], { cwd: draft })
  const archive = readdirSync(draft).find((file) => file.endsWith('.tgz'))
  if (archive === undefined) throw new Error(`npm has no ${wanted}`)
  await run('tar', ['-xzf', join(draft, archive), '-C', draft])
  return join(draft, 'package')
}

async function goModule({ name, version }: Package, draft: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', `${name}@${version}`], { cwd: draft })
  const [, folder] = /"Dir": "([^"]+)"/.exec(stdout) ?? []
  if (folder === undefined) throw new Error(`Go's proxy has no ${name}@${version}`)
  return folder
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink())
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      return entry.isDirectory() ? filesIn(path) : [path]
    })
    .toSorted()
}
