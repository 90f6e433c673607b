// Proxies for Node: node proxy_front.cjs NAME PORT TARGET BASE

const { createRequire } = require('node:module')
const { Agent, createServer } = require('node:http')

const [name, port, target, base] = process.argv.slice(2)
const load = createRequire(base)
const url = `http://127.0.0.1:${target}`

function httpProxy() {
  const { createProxyServer } = load(name)
  const proxy = createProxyServer({ target: url, xfwd: true, agent: new Agent({ keepAlive: true }) })
  proxy.on('error', (_, __, response) => response.writeHead?.(502).end())
  proxy.listen(Number(port), '127.0.0.1')
}

const proxies = {
  'http-proxy-3': httpProxy,
  'http-proxy': httpProxy,
  'http-proxy-middleware'() {
    const { createProxyMiddleware } = load(name)
    const proxy = createProxyMiddleware({ target: url, xfwd: true, agent: new Agent({ keepAlive: true }) })
    createServer((request, response) => proxy(request, response, () => response.writeHead(404).end())).listen(
      Number(port),
      '127.0.0.1',
    )
  },
  '@fastify/http-proxy'() {
    const app = load('fastify')()
    app.register(load('@fastify/http-proxy'), {
      upstream: url,
      replyOptions: {
        rewriteRequestHeaders: (request, headers) => ({
          ...headers,
          host: request.headers.host,
          'x-forwarded-for': request.ip,
        }),
      },
    })
    app.listen({ port: Number(port), host: '127.0.0.1' })
  },
}

proxies[name]()
