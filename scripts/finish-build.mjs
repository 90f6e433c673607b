// After tsc: the package's bin must be executable (npx finds the checkout's own bin and fails with 127 otherwise), and what
// was made of sources that are gone goes, or it would be tested and shipped.
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs'

const root = new URL('../', import.meta.url)

chmodSync(new URL('build/src/main.js', root), 0o755)

for (const part of ['src', 'test', 'bench']) {
  const built = new URL(`build/${part}/`, root)
  if (!existsSync(built)) continue
  for (const name of readdirSync(built, { recursive: true, encoding: 'utf8' })) {
    const [, stem] = /^(.*)\.js(?:\.map)?$/.exec(name) ?? []
    if (stem !== undefined && !existsSync(new URL(`${part}/${stem}.ts`, root))) rmSync(new URL(name, built))
  }
}
