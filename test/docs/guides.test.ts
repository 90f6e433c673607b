// The files of docs/guides that no server reads in these tests: what they ask of the program is what it takes, and the
// commands of the pipelines do what they are there for. (Fronts: test/company/guides.test.ts.)

import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t from 'tap'
import { parse, parseAllDocuments } from 'yaml'
import { parseDuration } from '../../src/config/units.ts'
import { guide } from '../support/guide.ts'

t.setTimeout(240_000)

const program = resolve('build/src/main.js')
/** The drain after the delay, with all that may follow it (docs/operations.md). */
const drainSeconds = 35

/** Flags that `latchkey start` has. */
const startFlags = new Set(
  execFileSync(process.execPath, [program, 'start', '--help'], { encoding: 'utf8' }).match(/--[a-z-]+/g),
)

/** Variables without a default that a file of the program asks for. */
function neededBy(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name)
}

function withoutFile(name: string): string {
  return name.replace(/_FILE$/, '')
}

t.test(
  'systemd: the command is one of the program, its variables are all there, and it waits for the drain',
  async (t) => {
    const unit = new Map(
      guide('latchkey.service')
        .split('\n')
        .filter((line) => /^\w+=/.test(line))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
    const [node, main, verb, ...args] = unit.get('ExecStart')?.split(' ') ?? []
    t.equal(node, '/usr/bin/node')
    t.equal(resolve(main ?? ''), program)
    t.equal(verb, 'start')
    t.same(
      args.filter((arg) => arg.startsWith('--') && !startFlags.has(arg)),
      [],
    )
    const [, delay = ''] = /DRAIN_DELAY:-(\w+)/.exec(readFileSync('config/gateway.yaml', 'utf8')) ?? []
    t.ok(Number(unit.get('TimeoutStopSec')) > parseDuration(delay) / 1_000 + drainSeconds)
    t.equal(unit.get('EnvironmentFile'), '/etc/latchkey/environment')
    const names = guide('environment')
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => withoutFile(line.split('=')[0] ?? ''))
    for (const name of [...neededBy('config/gateway.yaml'), 'LATCHKEY_ADMIN_TOKEN', 'LATCHKEY_CACHE_KEY'])
      t.ok(names.includes(name), name)
  },
)

interface Container {
  readonly args: readonly string[]
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly [probe: `${string}Probe`]: { readonly httpGet: { readonly path: string; readonly port: string } }
}

t.test('Kubernetes: both deployments start, are asked where they answer, and are waited for', async (t) => {
  const documents = parseAllDocuments(guide('kubernetes.yaml')).map((document) => {
    t.same(document.errors, [])
    return document.toJS()
  })
  const deployments = documents.filter(({ kind }) => kind === 'Deployment')
  t.same(
    deployments.map(({ metadata }) => metadata.name),
    ['latchkey-gateway', 'latchkey-control'],
  )
  for (const { spec, metadata } of deployments) {
    const pod = spec.template.spec
    const [container]: Container[] = pod.containers
    if (container === undefined) throw new Error('no container')
    t.same(spec.selector.matchLabels, spec.template.metadata.labels)
    t.same(
      container.args.filter((arg) => arg.startsWith('--') && !startFlags.has(arg)),
      [],
    )
    const env = new Map(container.env.map(({ name, value }) => [name, value]))
    const isControl = metadata.name === 'latchkey-control'
    const secrets = ['LATCHKEY_CACHE_KEY', ...(isControl ? ['LATCHKEY_ADMIN_TOKEN'] : [])]
    for (const name of [...neededBy('config/gateway.yaml'), ...secrets])
      t.ok(env.has(name) || env.has(`${name}_FILE`), name)
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
      const asked = container[probe]?.httpGet
      if (asked === undefined) continue
      t.match(asked.path, probe === 'readinessProbe' ? /^\/readyz$/ : /^\/livez$/)
      t.equal(container.ports.find(({ name }) => name === asked.port)?.containerPort, 8081)
    }
    const delayMs = isControl ? 0 : parseDuration(env.get('DRAIN_DELAY') ?? '')
    t.ok(pod.terminationGracePeriodSeconds >= delayMs / 1_000 + drainSeconds)
    const [files, secretVolume] = pod.volumes
    const paths = files.configMap.items.map(({ path }: { path: string }) => path)
    t.same(paths, ['gateway.yaml', 'permissions/flintn.yaml', 'permissions/flint.yaml'])
    t.equal(secretVolume.secret.defaultMode, 0o440)
    const mounted = new Set(container.volumeMounts.map(({ mountPath }) => mountPath))
    for (const [name, value] of env)
      if (name.endsWith('_FILE')) t.ok(mounted.has(value.slice(0, value.lastIndexOf('/'))), value)
    const volumes = pod.volumes.map(({ name }: { name: string }) => name)
    t.same(volumes.toSorted(), container.volumeMounts.map(({ name }) => name).toSorted())
  }
  const gateway = deployments[0]?.spec
  const budget = documents.find(({ kind }) => kind === 'PodDisruptionBudget')?.spec
  t.ok(budget.minAvailable < gateway.replicas, 'one may go')
  for (const kind of ['Service', 'PodDisruptionBudget']) {
    const { selector } = documents.find((document) => document.kind === kind)?.spec ?? {}
    t.match(gateway.template.metadata.labels, selector.matchLabels ?? selector)
  }
})

interface Pipeline {
  readonly env: Record<string, string>
  /** `isLifted`: the service leaves it out where the label is set. */
  readonly steps: readonly { readonly command: string; readonly isLifted: boolean }[]
  /** What the service sets. */
  readonly told: (change: Change) => Record<string, string>
}

interface Change {
  /** The commit that it starts from. */
  readonly before: string
  readonly isLabelled: boolean
}

function github(): Pipeline {
  const { jobs } = parse(guide('github-tables.yml'))
  const all: { run?: string; if?: string }[] = jobs.tables.steps
  const steps = all.flatMap(({ run, if: condition }) =>
    run === undefined ? [] : [{ command: run, isLifted: condition?.includes("'opens-access'") === true }],
  )
  return { env: {}, steps, told: () => ({ GITHUB_BASE_REF: 'main' }) }
}

function gitlab(): Pipeline {
  const { variables, script } = parse(guide('gitlab-tables.yml')).tables
  const steps = script.map((command: string) => ({ command, isLifted: false }))
  const told = ({ before, isLabelled }: Change) => ({
    CI_MERGE_REQUEST_DIFF_BASE_SHA: before,
    CI_MERGE_REQUEST_LABELS: isLabelled ? 'a,opens-access' : 'a,b',
  })
  return { env: variables, steps, told }
}

const newRoute = '  GET    /v1/new:    transaction.read\n'
const newCases = `  - { request: GET /v1/new, who: [transaction.read], expect: allow }
  - { request: GET /v1/new, who: { all_but: [transaction.read] }, expect: INSUFFICIENT_PERMISSIONS }
`

for (const [name, pipeline] of Object.entries({ github: github(), gitlab: gitlab() })) {
  t.test(`${name}: a change that opens nothing passes, one that does is held`, async (t) => {
    const parent = t.testdir({ bin: { npx: '', npm: '' }, repository: {} })
    const folder = join(parent, 'repository')
    // As after `npm ci` in a repository that has the program.
    writeFileSync(join(parent, 'bin/npx'), `#!/bin/sh\nshift\nexec ${process.execPath} ${program} "$@"\n`)
    writeFileSync(join(parent, 'bin/npm'), '#!/bin/sh\ntest "$*" = ci\n')
    for (const file of ['npx', 'npm']) chmodSync(join(parent, 'bin', file), 0o755)
    cpSync('config', join(folder, 'config'), {
      recursive: true,
      filter: (path) => !path.includes('.latchkey'),
    })
    writeFileSync(join(folder, 'config/tables.env'), guide('tables.env'))
    const git = (...args: string[]): string =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
        ...{ cwd: folder, encoding: 'utf8' },
        env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' },
      })
    git('init', '-q', '-b', 'main')
    git('add', '-A')
    git('commit', '-qm', 'before')
    const before = git('rev-parse', 'HEAD').trim()
    git('update-ref', 'refs/remotes/origin/main', before)
    /** Each step by itself, as both services do; the first that fails with its exit code, and all that was said. */
    const run = ({ isLabelled = false, from = 0 } = {}): { failed: string | undefined; output: string } => {
      const env = {
        PATH: `${join(parent, 'bin')}:${process.env['PATH']}`,
        ...{ ...pipeline.env, ...pipeline.told({ before, isLabelled }) },
      }
      let output = ''
      for (const { command, isLifted } of pipeline.steps.slice(from)) {
        if (isLifted && isLabelled) continue
        const step = spawnSync('sh', ['-ec', command], { cwd: folder, env, encoding: 'utf8' })
        output += step.stdout + step.stderr
        if (step.status !== 0) return { failed: command, output }
      }
      return { failed: undefined, output }
    }
    const clear = (): void => {
      rmSync(join(parent, 'before'), { recursive: true, force: true })
      git('worktree', 'prune')
    }
    const table = join(folder, 'config/permissions/flintn.yaml')
    const cases = join(folder, 'config/permissions/flintn.cases.yaml')

    const same = run()
    t.equal(same.failed, undefined, same.output)
    clear()
    appendFileSync(table, newRoute)
    appendFileSync(cases, newCases)
    const opening = run()
    t.match(opening.failed, /config diff/, opening.output)
    t.match(opening.output, '/v1/new')
    clear()
    const diffs = pipeline.steps.findIndex(({ command }) => command.includes('worktree'))
    const reviewed = run({ isLabelled: true, from: diffs })
    t.equal(reviewed.failed, undefined, reviewed.output)
    const commands = pipeline.steps.map(({ command }) => command).join('\n')
    for (const part of ['config check', 'config test', '--full-coverage']) t.match(commands, part)
  })
}
