// What a look-up in a permission table costs, from 10 to 10,000 routes, and what it costs to compile one.
//   npm run build && node build/bench/matcher.js

import { performance } from 'node:perf_hooks'
import type { Route } from '../src/config/compiled.ts'
import { createReport } from '../src/config/fault.ts'
import { createRouteMatcher, type MatchableRoute } from '../src/config/matcher.ts'
import { readTable } from '../src/config/table.ts'
import { parseTemplate } from '../src/config/template.ts'

const sizes = [10, 100, 1_000, 10_000]
const lookups = 300_000
const rounds = 5

console.log('routes  literal  parameter  rest  405  404  (ns a look-up)  compile (ms, YAML included)')
for (const size of sizes) {
  const match = createRouteMatcher(routesOf(size))
  const resource = `/v1/resource_${Math.floor(size / 10) * 5}`
  const times = [
    resource,
    `${resource}/id_1`,
    `${resource}/id_1/files/a/b`,
    `${resource}/id_1/events`,
    '/v1/nothing/here',
  ].map((path, index) => nanoseconds(() => match(index === 3 ? 'PATCH' : 'GET', path)))
  console.log(
    [
      String(size).padStart(6),
      ...times.map((time) => time.toFixed(0).padStart(6)),
      compileMs(size).toFixed(0).padStart(9),
    ].join('  '),
  )
}

/** The best of a few rounds: what disturbs a round makes it only slower. */
function nanoseconds(lookup: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    for (let n = 0; n < lookups; n++) lookup()
    best = Math.min(best, (performance.now() - start) / lookups)
  }
  return best * 1e6
}

function compileMs(size: number): number {
  const lines = templates(size).map(([method, template]) => `  ${method} ${template}: thing.read\n`)
  const text = `permissions: { thing.read: Read }\nroutes:\n${lines.join('')}`
  const source = { file: 'table.yaml', text }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    const report = createReport()
    const table = readTable({ source, env: {} }, report)
    if (table === undefined || report.faults.length > 0) throw new Error('the table must be valid')
    createRouteMatcher(table.routes)
    best = Math.min(best, performance.now() - start)
  }
  return best
}

function templates(size: number): (readonly [method: string, template: string])[] {
  return Array.from({ length: Math.ceil(size / 5) }, (_, n) => `/v1/resource_${n * 5}`).flatMap((path) => [
    ['GET', path] as const,
    ['POST', path] as const,
    ['GET', `${path}/{id}`] as const,
    ['GET', `${path}/{id}/events`] as const,
    ['GET', `${path}/{id}/files/{path...}`] as const,
  ])
}

function routesOf(size: number): MatchableRoute[] {
  return templates(size).map(([method, template]) => {
    const parsed = parseTemplate(template)
    if (!parsed.ok) throw new Error(parsed.message)
    const requirement = { kind: 'all', permissions: ['thing.read'] } as const
    const route: Route = {
      method,
      template,
      requirement,
      timeoutMs: null,
      maxBodyBytes: null,
      maxResponseBytes: null,
      responseIdleMs: null,
      rateLimits: [],
      upstream: null,
      disguises: 'strict',
      escapes: 0,
      source: '',
    }
    return { route, segments: parsed.segments }
  })
}
