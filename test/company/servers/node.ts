// Servers written in JavaScript. Those of the quick form are what this checkout has installed anyway.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Source } from '../programs/have.ts'
import { appFile, type Command } from '../programs/run.ts'
import type { ServerPlace, ServerProgram } from './server.ts'

const checkout = (name?: string): Source => ({ kind: 'checkout', ...(name && { package: name }) })
const npm = (...packages: string[]): Source => ({ kind: 'npm', packages })

/** From where modules are found: the checkout's folder. */
const here = fileURLToPath(import.meta.url)

/** A framework of node_app.cjs. */
const framework =
  (name: string) =>
  ({ port, docroot, program }: ServerPlace): Command => ({
    args: [
      appFile('node_app.cjs'),
      name,
      String(port),
      docroot,
      program.root === '/' ? here : join(program.root, 'x.cjs'),
    ],
  })

/** A program that a package brings. */
const bin =
  (path: string, argsFor: (place: ServerPlace) => readonly string[]) =>
  (place: ServerPlace): Command => ({
    args: [join(place.program.root, 'node_modules', path), ...argsFor(place)],
  })

export const nodeServers: readonly ServerProgram[] = [
  {
    name: "Node's http",
    source: checkout(),
    isQuick: true,
    probe: { reuse: 'all', why: /read every body/ },
    command: framework('http'),
  },
  { name: 'Express 4', source: checkout('express'), isQuick: true, command: framework('express') },
  { name: 'Fastify', source: checkout('fastify'), isQuick: true, command: framework('fastify') },
  { name: 'Express 5', source: npm('express@5.3.0'), command: framework('express') },
  { name: 'Koa', source: npm('koa@3.2.1'), command: framework('koa') },
  { name: 'hapi', source: npm('@hapi/hapi@21.4.10'), command: framework('hapi') },
  { name: 'connect', source: npm('connect@3.7.0', 'serve-static@2.2.1'), command: framework('connect') },
  { name: 'Polka', source: npm('polka@0.5.2', 'sirv@3.0.2'), command: framework('polka') },
  { name: 'Hono', source: npm('@hono/node-server@2.1.8', 'hono@4.13.19'), command: framework('hono') },
  { name: 'restify', source: npm('restify@12.0.0'), command: framework('restify') },
  {
    name: 'sirv-cli',
    source: npm('sirv-cli@3.0.1'),
    command: bin('sirv-cli/bin.js', ({ port, docroot }) => [
      ...[docroot, '--port', String(port), '--host', '127.0.0.1', '--quiet', '--etag'],
    ]),
  },
  {
    name: 'http-server',
    source: npm('http-server@14.1.1'),
    command: bin('http-server/bin/http-server', ({ port, docroot }) => [
      docroot,
      '-p',
      String(port),
      '-a',
      '127.0.0.1',
      '-s',
    ]),
  },
  {
    name: 'serve',
    source: npm('serve@14.2.7'),
    command: bin('serve/build/main.js', ({ port, docroot }) => [docroot, '-l', `tcp://127.0.0.1:${port}`]),
  },
  {
    name: 'json-server',
    source: npm('json-server@0.17.4'),
    command: (place) => ({
      ...bin('json-server/lib/cli/bin.js', ({ port, docroot }) => [
        'db.json',
        '--port',
        String(port),
        '--static',
        docroot,
        '--quiet',
      ])(place),
      files: { 'db.json': '{ "posts": [] }' },
    }),
  },
]
