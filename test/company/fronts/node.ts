// Proxies for Node.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { appFile } from '../programs/run.ts'
import type { FrontPlace, FrontProgram } from './front.ts'

/** A proxy for Node, of proxy_front.cjs. */
const inNode = (name: string, packages?: readonly string[]): FrontProgram => ({
  name,
  source: packages === undefined ? { kind: 'checkout', package: name } : { kind: 'npm', packages },
  command: ({ port, target, program }: FrontPlace) => ({
    args: [
      appFile('proxy_front.cjs'),
      name,
      String(port),
      String(target),
      program.root === '/' ? fileURLToPath(import.meta.url) : join(program.root, 'x.cjs'),
    ],
  }),
})

export const nodeFronts: readonly FrontProgram[] = [
  { ...inNode('http-proxy-3'), isQuick: true },
  inNode('http-proxy', ['http-proxy@1.18.1']),
  inNode('http-proxy-middleware', ['http-proxy-middleware@3.0.5']),
  inNode('@fastify/http-proxy'),
]
