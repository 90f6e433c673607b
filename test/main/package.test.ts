// What is shipped, and what installing it says.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)

interface Manifest {
  readonly version: string
  readonly allowScripts: Readonly<Record<string, boolean>>
}
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest

/** As `npm pack` would put them into the package. */
async function packed(folder: string): Promise<readonly string[]> {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: folder })
  // A list by npm 11 and before, an object by package from 12 on.
  const [about] = Object.values(JSON.parse(stdout) as Record<string, { files: { path: string }[] }>)
  return (about?.files ?? []).map(({ path }) => path)
}

t.test(
  'a package of a checkout in which the demo ran has the program, and nothing that was made by running it',
  async (t) => {
    const folder = t.testdir({})
    for (const part of [
      'package.json',
      'README.md',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'config',
      'docs',
      'examples',
      'src/store/migrations',
    ])
      cpSync(part, join(folder, part), { recursive: true })
    const junk = [
      'config/.latchkey/gateway.log',
      'config/.latchkey/postgres/data/base/1/1',
      'config/gateway.local.yaml.swp',
      'config/.env',
      '.env',
      'latchkey.log',
      'docs/notes.txt',
      'build/test/secret.js',
      'build/src/main.js.map',
      'src/main.ts',
    ]
    for (const path of [
      ...junk,
      'build/src/main.js',
      'build/src/sample/upstream.js',
      'build/hub/index.html',
    ]) {
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), '')
    }
    const files = await packed(folder)
    for (const path of junk) t.notOk(files.includes(path), path)
    const wanted = [
      'build/src/main.js',
      'build/src/sample/upstream.js',
      'build/hub/index.html',
      'config/demo.yaml',
      'config/gateway.schema.json',
      'config/permissions/flintn.yaml',
      'src/store/migrations/0001_keys.sql',
      'docs/operations.md',
      'docs/guides/one-api/gateway.yaml',
      'docs/guides/tables.env',
      'docs/prometheus-rules.yaml',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'README.md',
    ]
    for (const path of wanted) t.ok(files.includes(path), path)
    // What the README and the documents link to is there as well: in a package nobody has the rest of the repository.
    for (const path of files.filter((name) => name === 'README.md' || /^docs\/.*(?<!\.png)$/.test(name)))
      for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)) {
        const to = posix.join(posix.dirname(path), target)
        t.ok(
          files.some((name) => name === to || name.startsWith(`${to}/`)),
          `${path}: ${target}`,
        )
      }
    for (const path of files)
      t.match(
        path,
        /^(?:[A-Z]+\.md|package\.json|build\/src\/.*\.js|config\/(?:permissions\/)?[a-z.]+\.(?:yaml|json)|src\/store\/migrations\/\w+\.sql|docs\/[\w-]+\.(?:md|svg|json|yaml|ini)|docs\/guides\/[\w./-]+|docs\/hub\/[\w-]+\.png|examples\/\w+\/[a-z]+\.js|build\/hub\/(?:index\.html|assets\/[\w-]+\.(?:js|css|svg|woff2)))$/,
      )
  },
)

t.test('whether a dependency may run a script at its installation is said of each that has one', (t) => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { hasInstallScript?: true }>
  }
  const scripted = Object.entries(packages).filter(([, about]) => about.hasInstallScript === true)
  t.same(
    scripted.map(([path]) => path.replace(/^.*node_modules\//, '')).toSorted(),
    Object.keys(manifest.allowScripts).toSorted(),
  )
  // What their scripts would do, src/store/embedded/binaries.ts does, and npm 12 runs none unasked.
  t.ok(Object.values(manifest.allowScripts).every((isAllowed) => !isAllowed))
  t.end()
})

t.test(
  'the version has its heading in the CHANGELOG, with its date, and what comes next stands above it',
  (t) => {
    const headings = readFileSync('CHANGELOG.md', 'utf8').match(/^## .*$/gm) ?? []
    t.equal(headings[0], '## Unreleased')
    for (const heading of headings.slice(1)) t.match(heading, /^## \d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)$/)
    t.match(headings[1], `## ${manifest.version} (`)
    t.end()
  },
)
