import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'

const run = promisify(execFile)
const ours = new URL('../../src/main/inlining.js', import.meta.url).href

/** Fourteen functions of some 270 bytes of bytecode, and one that calls them all, which V8 is then told to compile. */
const program = `
if (process.argv[2] !== undefined) (await import(process.argv[2])).inlineMore()
const indices = Array.from({ length: 14 }, (_, i) => i)
const parts = indices.map((i) => {
  const steps = Array.from({ length: 24 }, (_, k) => \`s = (s * \${k + 3} + \${i * 7 + k}) | 0;\`)
  return \`function part\${i}(x) { let s = x; \${steps.join('')} return s }\`
})
new Function(\`
  \${parts.join('\\n')}
  function whole(x) { return \${indices.map((i) => \`part\${i}(x)\`).join('+')} }
  %PrepareFunctionForOptimization(whole);
  \${indices.map((i) => \`%PrepareFunctionForOptimization(part\${i});\`).join('')}
  for (let i = 0; i < 50; i++) whole(i);
  %OptimizeFunctionOnNextCall(whole);
  whole(1)
\`)()
`

/** How many of them V8 took into the one that calls them. */
async function taken(file: string, args: readonly string[]): Promise<number> {
  const flags = ['--allow-natives-syntax', '--trace-turbo-inlining']
  // Nothing of this run's environment: a process whose coverage is measured takes nothing in.
  const { stdout } = await run('env', ['-i', process.execPath, ...flags, file, ...args])
  return stdout.match(/^Inlining .* into .* whole>/gm)?.length ?? 0
}

void t.test('a running V8 takes more into one function once it is told', async (t) => {
  const file = join(t.testdir(), 'program.mjs')
  writeFileSync(file, program)
  const before = await taken(file, [])
  const after = await taken(file, [ours])
  t.ok(before > 0)
  t.ok(after > before, `${before}, ${after}`)
})
