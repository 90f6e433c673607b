#!/usr/bin/env node
// The sample upstream: a small program that stands for the APIs behind the gateway, and knows nothing of it. It answers
// every route of the shipped permission tables with invented figures, and prints the headers of each request, so that a
// person sees who is said to be calling and that no credential arrives.
//
//   node build/src/sample/upstream.js --all
//   node build/src/sample/upstream.js --role payments --port 9101

import { realpathSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type Answer, findRoute, type SampleRequest } from './answer.ts'
import { describe } from './describe.ts'
import { runAsProgram, type SampleUpstream, type SampleUpstreamOptions } from './program.ts'
import { type Role, roles } from './roles.ts'

const jsonLimitBytes = 65_536

/** Starts one sample API; resolves when it listens. Rejects with the system's error if the port is taken. */
export async function createSampleUpstream(options: SampleUpstreamOptions): Promise<SampleUpstream> {
  const { role, port, host = '127.0.0.1', print = () => {} } = options
  const server = createServer((request, response) => {
    answer(role, request, response)
      .then((status) => print(describe(role, request, status)))
      // The client left in the middle of its body: there is nobody to tell.
      .catch(() => response.destroy())
  })
  // Longer than a caller keeps an idle connection, and no limit on a big body that comes slowly.
  server.keepAliveTimeout = 75_000
  server.requestTimeout = 0
  await listen(server, port, host)
  const address = server.address()
  const openPort = typeof address === 'object' && address !== null ? address.port : port
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://${host}:${openPort}`, close }
}

async function answer(role: Role, request: IncomingMessage, response: ServerResponse): Promise<number> {
  const { method = 'GET', url = '/' } = request
  const [path = '/', query = ''] = url.split('?', 2)
  const { routes, isLive } = roles[role]
  const { bodyBytes, json } = await readBody(request)
  const found = findRoute(routes, method, path)
  const about: SampleRequest = {
    method,
    path,
    query: new URLSearchParams(query),
    params: found?.params ?? {},
    json,
    bodyBytes,
    isLive,
  }
  const { status, body } = found?.handler(about) ?? notFound(about)
  send(request, response, { status, body: { ...body, livemode: isLive } })
  return status
}

function notFound({ method, path }: SampleRequest): Answer {
  return {
    status: 404,
    body: { error: { type: 'not_found', message: `No such resource: ${method} ${path}` } },
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void {
  const requestId = request.headers['x-request-id']
  const text = JSON.stringify(requestId === undefined ? body : { ...body, request_id: requestId }, null, 2)
  if (requestId !== undefined) response.setHeader('X-Request-Id', requestId)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text) + 1,
  })
  response.end(`${text}\n`)
}

// Of any size: counted as it passes, and only the beginning is kept.
async function readBody(request: IncomingMessage): Promise<Pick<SampleRequest, 'bodyBytes' | 'json'>> {
  const kept: Buffer[] = []
  let bodyBytes = 0
  for await (const chunk of request) {
    const part = Buffer.from(chunk)
    bodyBytes += part.length
    if (bodyBytes <= jsonLimitBytes) kept.push(part)
  }
  const isWhole = bodyBytes <= jsonLimitBytes
  return { bodyBytes, json: isWhole ? parseObject(Buffer.concat(kept).toString()) : {} }
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await runAsProgram(process.argv.slice(2), createSampleUpstream)
}
