// The hub's page and files on the control port. It must not know sessions, keys or the store: the application asks for
// all that by the same API as everybody, and gets what its caller may have.

import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { deny } from '../../errors/denial.ts'
import type { ControlApp } from '../dependencies.ts'
import { sendDenial } from '../refusal.ts'
import type { HubFile } from './files.ts'
import { type HubPages, hubPages, wayToRoot } from './pages.ts'
import { contentSecurityPolicy } from './policy.ts'

const gzipped = promisify(gzip)

/** Serves them where the hub is on. */
export function serveHubPages(app: ControlApp, { files, gatewayUrl }: HubPages): void {
  const page = files.page.replace('name="gateway" content=""', `name="gateway" content="${gatewayUrl ?? ''}"`)
  const packed = createPacking()
  for (const path of hubPages) app.get(path, (request, reply) => sendPage(page, request, reply))
  app.get('/assets/:name', async (request, reply) => {
    const { name } = request.params as { name: string }
    const file = files.assets.get(`assets/${name}`)
    if (file === undefined) return sendDenial(deny('NOT_FOUND', 'unknown_path'), request, reply)
    return sendFile(file, packed, { request, reply })
  })
}

/** Never kept: it names the files of one version, and its nonce is for one answer. */
function sendPage(page: string, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  const [path = '/'] = request.url.split('?')
  const text = page
    .replace('<base href="./"', `<base href="${wayToRoot(path)}"`)
    .replace('name="style-nonce" content=""', `name="style-nonce" content="${nonce}"`)
  return reply
    .header('content-security-policy', contentSecurityPolicy(nonce))
    .type('text/html; charset=utf-8')
    .send(text)
}

type Packing = (file: HubFile) => Promise<Buffer>

/** Each file is packed once, when it is first asked for. */
function createPacking(): Packing {
  const packed = new Map<HubFile, Promise<Buffer>>()
  return (file) => {
    const known = packed.get(file)
    if (known !== undefined) return known
    const made = gzipped(file.body, { level: 9 })
    packed.set(file, made)
    return made
  }
}

interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** Its name changes with its bytes, so it is kept for good. */
async function sendFile(file: HubFile, packed: Packing, { request, reply }: Exchange): Promise<FastifyReply> {
  void reply
    .headers({ etag: file.tag, vary: 'accept-encoding' })
    .header('cache-control', 'public, max-age=31536000, immutable')
    .type(file.type)
  if (request.headers['if-none-match'] === file.tag) return reply.code(304).send()
  // Fonts are packed already.
  if (file.type.startsWith('font/') || !takesGzip(request.headers['accept-encoding']))
    return reply.send(file.body)
  return reply.header('content-encoding', 'gzip').send(await packed(file))
}

function takesGzip(accepted: string | undefined): boolean {
  return accepted !== undefined && /(?:^|,)\s*gzip\s*(?:,|$)/i.test(accepted)
}
