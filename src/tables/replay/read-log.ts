// The access log → what was decided, counted. A log may be larger than memory: lines are read one after the other, and
// what is kept grows with keys and routes, not with requests.

import { createReadStream } from 'node:fs'
import type { Requirement } from '../../credentials/permission.ts'

/** Requests that were decided alike. */
export interface Recorded {
  readonly api: string
  readonly method: string
  readonly template: string
  /** undefined: without a key. */
  readonly keyId: string | undefined
  readonly merchant: string | undefined
  /** undefined: let through, whatever became of it then. */
  readonly code: string | undefined
  /** What the route required then; undefined: the line does not say. */
  readonly required: Requirement | undefined
  /** What the key held then; undefined: the line does not say. */
  readonly held: readonly string[] | undefined
  readonly requests: number
}

export interface ReadLog {
  readonly recorded: readonly Recorded[]
  /** Lines that record no request of a route. */
  readonly skipped: number
}

/** Reads JSON lines. Rejects as the file system does when the file cannot be read. */
export async function readLog(file: string): Promise<ReadLog> {
  const counted = new Map<string, Recorded>()
  let skipped = 0
  for await (const line of linesOf(file)) {
    if (line === '') continue
    const one = readLine(line)
    if (one === undefined) {
      skipped++
      continue
    }
    const key = JSON.stringify(one)
    const known = counted.get(key)
    counted.set(key, known === undefined ? one : { ...known, requests: known.requests + 1 })
  }
  return { recorded: [...counted.values()], skipped }
}

/** Longer lines record no request; they are not kept whole. */
const longestLine = 64 * 1024

async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = ''
  let isTooLong = false
  for await (const chunk of createReadStream(file, 'utf8')) {
    const parts = String(chunk).split('\n')
    const last = parts.pop() ?? ''
    for (const part of parts) {
      yield isTooLong ? 'too long' : (rest + part).trim()
      rest = ''
      isTooLong = false
    }
    rest = isTooLong ? '' : rest + last
    if (rest.length > longestLine) {
      rest = ''
      isTooLong = true
    }
  }
  yield isTooLong ? 'too long' : rest.trim()
}

function readLine(line: string): Recorded | undefined {
  const entry = parsed(line)
  if (entry === undefined || (entry.msg !== undefined && entry.msg !== 'request')) return undefined
  const [, method, template] = /^([A-Z]+) (\/\S*)$/.exec(text(entry.route) ?? '') ?? []
  const api = text(entry.api)
  const { decision } = entry
  if (method === undefined || template === undefined || api === undefined) return undefined
  if (decision !== 'allow' && decision !== 'error' && decision !== 'deny') return undefined
  const code = text(entry.code)
  return {
    ...{ api, method, template },
    keyId: text(entry.key_id),
    merchant: text(entry.merchant),
    code: decision !== 'deny' || isOfUpstream(code) ? undefined : (code ?? 'unknown'),
    required: requirementOf(entry),
    held: namesOf(entry.permissions),
    requests: 1,
  }
}

/** Let through: lines of before `error` was told apart call it a denial. */
function isOfUpstream(code: string | undefined): boolean {
  return code?.startsWith('UPSTREAM_') === true
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function namesOf(value: unknown): string[] | undefined {
  return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined
}

/** As the access log has it: the names, none for a public route, and `match: "any"` where one is enough. */
function requirementOf({ required, match }: Readonly<Record<string, unknown>>): Requirement | undefined {
  const permissions = namesOf(required)
  if (permissions === undefined) return undefined
  if (permissions.length === 0) return { kind: 'public' }
  return { kind: match === 'any' ? 'any' : 'all', permissions }
}
