// After tsc: checks and builds the hub into build/hub, and installs its packages before where they are not those of its lock;
// with `--packages` that alone, for what reads its sources with their types.
// It has packages of its own, as the test runner brings an older React to the root. Nothing is done where nothing changed.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const hub = join(root, 'hub')
const built = join(root, 'build/hub')

/** Of files and folders below hub/, with their names. */
function digestOf(names) {
  const hash = createHash('sha256')
  for (const name of names.toSorted())
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(hub, name)))
      .update('\0')
  return hash.digest('hex')
}

function filesBelow(folder) {
  return readdirSync(join(hub, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(hub.length + 1))
}

/** Runs what `make` does unless `mark` says that it was done for the same `digest`. */
function once(mark, digest, make) {
  if (existsSync(mark) && readFileSync(mark, 'utf8') === digest) return
  rmSync(mark, { force: true })
  make()
  writeFileSync(mark, digest)
}

function run(program, args) {
  execFileSync(program, args, { cwd: hub, stdio: ['ignore', 'inherit', 'inherit'] })
}

function install() {
  const npm = process.env['npm_execpath']
  const args = ['ci', '--ignore-scripts', '--silent', '--no-fund', '--no-audit']
  // npm tells what it runs where it is; without it, the one on the PATH.
  const [program, ...before] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm']
  run(program, [...before, ...args])
}

function build() {
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'])
  run(process.execPath, [join(hub, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'error'])
}

const packages = ['package.json', 'package-lock.json']
const inputs = [
  ...packages,
  'index.html',
  'tsconfig.json',
  'vite.config.ts',
  ...filesBelow('src'),
  '../src/errors/catalogue.ts',
  '../src/errors/sentences.ts',
]
const installed = join(hub, 'node_modules/.made-of')
const made = join(root, 'build/hub.made-of')

if (process.argv[2] === '--packages') once(installed, digestOf(packages), install)
else {
  if (!existsSync(join(built, 'index.html'))) rmSync(made, { force: true })
  once(made, digestOf(inputs), () => {
    once(installed, digestOf(packages), install)
    build()
  })
}
