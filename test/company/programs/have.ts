// How the programs of this folder are had: from the system, or unpacked and installed into a cache folder of the checkout.
// Nothing of the system is changed. What cannot be had makes its test fail.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { isExecutable, libraryEnv, packageFolder, unpackPackage } from '../../support/apt-package.ts'

const run = promisify(execFile)

/** Where a program comes from. */
export type Source =
  /** Node itself, and what this checkout has installed. */
  | { readonly kind: 'checkout'; readonly package?: string }
  /** The system's own, else Debian's packages; `file` is a name on the PATH. */
  | DebianSource
  /** Exact versions from npm, as `koa@3.1.1`; the first is what the test is about. */
  | { readonly kind: 'npm'; readonly packages: readonly string[] }
  /** Exact versions from PyPI, as `gunicorn==23.0.0`. */
  | { readonly kind: 'pypi'; readonly packages: readonly string[] }
  /** Exact versions from Maven Central, as `org.eclipse.jetty:jetty-server:12.1.14`; all jars lie in its root. */
  | { readonly kind: 'maven'; readonly packages: readonly string[] }
  /** A file that Go builds to `server` in its root, with a module of an exact version, as `example.org/x@v1.2.3`. */
  | { readonly kind: 'go'; readonly packages: readonly [string]; readonly main: string }

interface DebianSource {
  readonly kind: 'debian'
  readonly packages: readonly string[]
  readonly file: string
  /** The packages are unpacked even where the system has the program: it is their library that is wanted. */
  readonly isLibrary?: true
}

/** A program that is there. */
export interface Program {
  /** To be run: `node`, `python3`, or the program itself. */
  readonly file: string
  /** Folder that the program was unpacked to; `/` where it is the system's. */
  readonly root: string
  readonly env: NodeJS.ProcessEnv
}

/** Finds a program, or brings it. Throws, saying what to install, if there is no way. */
export async function have(source: Source): Promise<Program> {
  switch (source.kind) {
    case 'checkout':
      return { file: process.execPath, root: '/', env: {} }
    case 'debian':
      return haveDebian(source)
    case 'npm':
      return haveNpm(source.packages)
    case 'pypi':
      return havePypi(source.packages)
    case 'maven':
      return haveMaven(source.packages)
    case 'go':
      return haveGo(source)
  }
}

export const python: DebianSource = { kind: 'debian', packages: ['python3'], file: 'python3' }

async function haveDebian({ packages, file, isLibrary }: DebianSource): Promise<Program> {
  const installed = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((folder) => join(folder, file))
    .find((path) => isExecutable(path))
  if (installed !== undefined && isLibrary !== true) return { file: installed, root: '/', env: {} }
  const root = packageFolder(`company-${packages.join('-')}`)
  const unpacked = (): Program | undefined => {
    const found = ['usr/bin', 'usr/sbin', 'bin', 'sbin']
      .map((part) => join(root, part, file))
      .concat(isLibrary === true && installed !== undefined && existsSync(root) ? [installed] : [])
      .find((path) => existsSync(path))
    return found === undefined ? undefined : { file: found, root, env: envOf(root) }
  }
  const before = unpacked()
  if (before !== undefined) return before
  const reason = await unpackPackage(packages, root).catch((error: unknown) => String(error))
  const after = unpacked()
  if (after !== undefined) return after
  // Then the system has all of it.
  if (isLibrary === true && installed !== undefined) return { file: installed, root: '/', env: {} }
  throw new Error(
    `no ${file} for the tests: \`sudo apt-get install ${packages.join(' ')}\` (${reason ?? 'not in the package'})`,
  )
}

/** What interpreters need to find their libraries below another root than `/`. */
function envOf(root: string): NodeJS.ProcessEnv {
  const under = (...parts: string[]): string =>
    parts
      .map((part) => join(root, part))
      .filter((path) => existsSync(path))
      .join(':')
  const perl = ['usr/share/perl5', 'usr/lib/x86_64-linux-gnu/perl5/5.36', 'etc/perl']
  const machine = 'usr/lib/x86_64-linux-gnu'
  const ruby = [
    'usr/lib/ruby/vendor_ruby',
    'usr/lib/ruby/3.1.0',
    `${machine}/ruby/3.1.0`,
    `${machine}/ruby/vendor_ruby/3.1.0`,
  ]
  return {
    ...libraryEnv(root),
    PERL5LIB: under(...perl),
    RUBYLIB: under(...ruby),
    GEM_PATH: under('usr/share/rubygems-integration/all', `${machine}/rubygems-integration/3.1.0`),
  }
}

async function haveNpm(packages: readonly string[]): Promise<Program> {
  const folder = cacheFor('npm', packages)
  await once(folder, async (draft) => {
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
    await run('npm', ['install', '--prefix', draft, ...options, ...packages])
  })
  return { file: process.execPath, root: folder, env: { NODE_PATH: join(folder, 'node_modules') } }
}

async function havePypi(packages: readonly string[]): Promise<Program> {
  const { file, env } = await have(python)
  const folder = cacheFor('pypi', packages)
  await once(folder, async (draft) => {
    await run(file, ['-m', 'pip', 'install', '--quiet', '--target', draft, ...packages])
  })
  return { file, root: folder, env: { ...env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' } }
}

const java = { kind: 'debian', packages: ['default-jdk-headless'], file: 'java' } as const
const maven = { kind: 'debian', packages: ['maven'], file: 'mvn' } as const

async function haveMaven(packages: readonly string[]): Promise<Program> {
  const folder = cacheFor('maven', packages)
  await once(folder, async (draft) => {
    const { file, env } = await have(maven)
    const options = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${draft}`]
    writeFileSync(join(draft, 'pom.xml'), pomFor(packages))
    await run(file, options, { cwd: draft, env: { ...process.env, ...env } })
  })
  return { ...(await have(java)), root: folder }
}

function pomFor(packages: readonly string[]): string {
  const dependencies = packages.map((name) => {
    const [group, artifact, version] = name.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  return `<project><modelVersion>4.0.0</modelVersion><groupId>x</groupId><artifactId>x</artifactId><version>1</version>
<packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>
`
}

const go = { kind: 'debian', packages: ['golang-go'], file: 'go' } as const

async function haveGo({ packages, main }: Extract<Source, { kind: 'go' }>): Promise<Program> {
  const folder = cacheFor('go', packages)
  await once(folder, async (draft) => {
    const { file, env } = await have(go)
    const options = { cwd: draft, env: { ...process.env, ...env, GOFLAGS: '-mod=mod' } }
    copyFileSync(main, join(draft, 'main.go'))
    await run(file, ['mod', 'init', 'server'], options)
    await run(file, ['get', ...packages], options)
    await run(file, ['build', '-o', 'server', '.'], options)
  })
  return { file: join(folder, 'server'), root: folder, env: {} }
}

function cacheFor(kind: string, packages: readonly string[]): string {
  const digest = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12)
  return packageFolder(`company-${kind}-${digest}`)
}

/** Fills the folder unless it is there; an attempt that failed leaves none. */
async function once(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0) return
  const draft = `${folder}.${process.pid}`
  mkdirSync(draft, { recursive: true })
  try {
    await fill(draft)
    renameSync(draft, folder)
  } finally {
    rmSync(draft, { recursive: true, force: true })
  }
}

/** Why a program cannot be had, in one line; undefined: it can. */
export async function whyNot(source: Source): Promise<string | undefined> {
  try {
    await have(source)
    return undefined
  } catch (error) {
    const { stderr, message } = Object(error)
    return String(stderr || message)
      .trim()
      .split('\n')
      .at(-1)
  }
}

/** Its version in words: what it says itself, or what was asked for. */
export async function versionOf(source: Source, asked: readonly string[] = ['--version']): Promise<string> {
  switch (source.kind) {
    case 'checkout':
      return source.package === undefined ? process.version.slice(1) : installedVersion(source.package)
    case 'npm':
      return (source.packages[0] ?? '').replace(/^.+@/, '')
    case 'pypi':
      return (source.packages[0] ?? '').replace(/^.+==/, '')
    case 'maven':
      return (source.packages[0] ?? '').replace(/^.+:/, '')
    case 'go':
      return source.packages[0].replace(/^.+@v/, '')
    case 'debian': {
      const { file, env } = await have(source)
      const said = await run(file, [...asked], { env: { ...process.env, ...env } }).catch(Object)
      const { stdout, stderr } = Object(said)
      return /\d+\.\d+[\w.]*/.exec(`${String(stdout)}${String(stderr)}`)?.[0] ?? 'unknown'
    }
  }
}

function installedVersion(name: string): string {
  const manifest = new URL(`../../../../node_modules/${name}/package.json`, import.meta.url)
  const { version } = Object(JSON.parse(readFileSync(manifest, 'utf8')))
  return String(version)
}
