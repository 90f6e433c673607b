// What every dynamic server of this folder serves, for Node: node node_app.cjs FRAMEWORK PORT ROOT

const { createHash } = require('node:crypto')
const { existsSync, readFileSync, statSync } = require('node:fs')
const { createServer } = require('node:http')
const { createRequire } = require('node:module')
const { join } = require('node:path')

const [framework, port, root, base = __filename] = process.argv.slice(2)
const load = createRequire(base)
const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 12)

/** A Node listener; frameworks call it for what they have not answered. */
function serve(incoming, response) {
  const path = decodeURIComponent(incoming.url.split('?')[0])
  const answer = (status, body, fields = {}) => {
    response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': body.length, ...fields })
    response.end(incoming.method === 'HEAD' ? undefined : body)
  }
  if (path === '/v1/headers') return answer(200, JSON.stringify(incoming.headers))
  if (path === '/v1/early') return answer(413, 'too large\n', { Connection: 'close' })
  if (path === '/v1/echo' && incoming.method === 'POST') {
    const hash = createHash('sha256')
    let length = 0
    incoming.on('data', (piece) => {
      hash.update(piece)
      length += piece.length
    })
    return incoming.on('end', () => answer(201, `${length} ${hash.digest('hex').slice(0, 12)}\n`))
  }
  if (path === '/v1/stream') {
    response.writeHead(200, { 'Content-Type': 'text/plain' })
    for (let i = 0; i < 20; i++) response.write(`part ${i}\n`)
    return response.end()
  }
  if (path === '/v1/redirect') return answer(302, '', { Location: '/v1/files/small.txt' })
  if (path === '/v1/empty') return response.writeHead(204).end()
  if (path === '/v1/cookies') return answer(200, 'ok\n', { 'Set-Cookie': ['a=1; Path=/', 'b=2'] })
  const file = join(root, path)
  if (existsSync(file) && statSync(file).isFile()) {
    const body = readFileSync(file)
    const etag = `"${digest(body)}"`
    if (incoming.headers['if-none-match'] === etag) return response.writeHead(304, { ETag: etag }).end()
    return answer(200, body, { ETag: etag })
  }
  return answer(404, 'not here\n')
}

const frameworks = {
  http() {
    const keepAliveTimeout = Number(process.env.KEEP_ALIVE_MS ?? 5_000)
    createServer({ keepAliveTimeout }, serve).listen(port, '127.0.0.1')
  },
  /** With the framework's own way of serving files, bodies and errors. */
  express() {
    const express = load('express')
    const app = express()
    app.post('/v1/echo', express.text({ type: () => true, limit: '10mb' }), (request, response) =>
      response.status(201).json({ length: typeof request.body === 'string' ? request.body.length : 0 }),
    )
    app.post('/v1/early', (_, response) =>
      response.status(413).set('Connection', 'close').send('too large\n'),
    )
    app.get('/v1/stream', (_, response) => {
      for (let i = 0; i < 20; i++) response.write(`part ${i}\n`)
      response.end()
    })
    app.get('/v1/redirect', (_, response) => response.redirect('/v1/files/small.txt'))
    app.get('/v1/empty', (_, response) => response.status(204).end())
    app.get('/v1/cookies', (_, response) => response.cookie('a', '1').cookie('b', '2').send('ok\n'))
    app.use(express.static(root))
    app.listen(port, '127.0.0.1')
  },
  fastify() {
    const app = load('fastify')({ bodyLimit: 2.5 * 1024 * 1024 })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
    app.post('/v1/echo', (request, reply) => reply.code(201).send({ length: request.body?.length ?? 0 }))
    // By its own limit.
    app.post('/v1/early', (request) => ({ length: request.body.length }))
    app.get('/v1/redirect', (_, reply) => reply.redirect('/v1/files/small.txt'))
    app.get('/v1/cookies', (_, reply) => reply.header('Set-Cookie', ['a=1', 'b=2']).send('ok\n'))
    app.get('/v1/empty', (_, reply) => reply.code(204).send())
    app.setNotFoundHandler((request, reply) => {
      reply.hijack()
      serve(request.raw, reply.raw)
    })
    app.listen({ port: Number(port), host: '127.0.0.1' })
  },
  koa() {
    const Koa = load('koa')
    const app = new Koa()
    app.use(async (context) => {
      if (context.path === '/v1/redirect') return context.redirect('/v1/files/small.txt')
      if (context.path === '/v1/cookies') {
        context.cookies.set('a', '1')
        context.cookies.set('b', '2')
        return (context.body = 'ok\n')
      }
      if (context.path === '/v1/empty') return (context.status = 204)
      context.respond = false
      serve(context.req, context.res)
    })
    app.listen(port, '127.0.0.1')
  },
  async hapi() {
    const Hapi = load('@hapi/hapi')
    const app = Hapi.server({ port, host: '127.0.0.1' })
    const text = { parse: false, maxBytes: 2.5 * 1024 * 1024 }
    app.route({
      method: 'POST',
      path: '/v1/{what}',
      options: { payload: text },
      handler: (request, h) => h.response({ length: request.payload?.length ?? 0 }).code(201),
    })
    app.route({ method: 'GET', path: '/v1/redirect', handler: (_, h) => h.redirect('/v1/files/small.txt') })
    app.route({ method: 'GET', path: '/v1/empty', handler: (_, h) => h.response().code(204) })
    app.route({ method: 'GET', path: '/v1/files/{name*}', handler: (request, h) => hapiFile(request, h) })
    await app.start()
  },
  restify() {
    const restify = load('restify')
    const app = restify.createServer()
    app.post(
      '/v1/echo',
      restify.plugins.bodyParser({ maxBodySize: 2.5 * 1024 * 1024 }),
      async (request, response) => {
        response.send(201, { length: Buffer.byteLength(request.body ?? '') })
      },
    )
    app.post('/v1/early', async (_, response) => response.send(413, 'too large'))
    app.get('/v1/redirect', (_, response, next) => response.redirect('/v1/files/small.txt', next))
    app.get('/v1/empty', async (_, response) => response.send(204))
    app.get('/v1/files/*', restify.plugins.serveStatic({ directory: root }))
    app.listen(Number(port), '127.0.0.1')
  },
  connect() {
    const app = load('connect')()
    app.use(load('serve-static')(root))
    app.use(serve)
    createServer(app).listen(port, '127.0.0.1')
  },
  polka() {
    const app = load('polka')()
    app.use(load('sirv')(root, { dev: true }))
    app.use(serve)
    app.listen(Number(port), '127.0.0.1')
  },
  async hono() {
    const { Hono } = load('hono')
    const { serve: start } = load('@hono/node-server')
    const app = new Hono()
    app.post('/v1/echo', async (c) => c.json({ length: (await c.req.arrayBuffer()).byteLength }, 201))
    app.post('/v1/early', (c) => c.text('too large\n', 413))
    app.get('/v1/redirect', (c) => c.redirect('/v1/files/small.txt'))
    app.get('/v1/empty', (c) => c.body(null, 204))
    app.get('/v1/files/:name', (c) => {
      const file = join(root, 'v1/files', c.req.param('name'))
      return existsSync(file) && statSync(file).isFile() ? c.body(readFileSync(file)) : c.notFound()
    })
    start({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' })
  },
}

function hapiFile(request, h) {
  const file = join(root, 'v1/files', request.params.name)
  if (!existsSync(file) || !statSync(file).isFile()) return h.response('not here\n').code(404)
  const body = readFileSync(file)
  return h.response(body).etag(digest(body)).type('text/plain')
}

frameworks[framework]()
