// Clients for Node: node node_client.mjs NAME ORDER BASE; prints what came as JSON.

import { createReadStream, readFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const [name, text, base] = process.argv.slice(2)
const order = JSON.parse(text)
const { method, url, headers, bodyFile, isStreamed, times, pauseMs } = order
const resolver = createRequire(base)
const load = async (module) => import(pathToFileURL(resolver.resolve(module)).href)

const body = () =>
  bodyFile === undefined ? undefined : isStreamed ? createReadStream(bodyFile) : readFileSync(bodyFile)
const result = (status, bytes) => ({ status, text: Buffer.from(bytes).toString('latin1').slice(0, 300) })

const clients = {
  http() {
    const agent = new http.Agent({ keepAlive: true })
    const send = (target) =>
      new Promise((resolve, reject) => {
        const content = body()
        const length = content === undefined || isStreamed ? {} : { 'Content-Length': content.length }
        const outgoing = http.request(target, { method, headers: { ...headers, ...length }, agent })
        outgoing.on('error', reject)
        outgoing.on('response', (response) => {
          const follow = (bytes) =>
            response.statusCode === 302
              ? send(new URL(response.headers.location, target))
              : result(response.statusCode, bytes)
          resolve(buffer(response).then(follow))
        })
        if (content === undefined || !isStreamed) outgoing.end(content)
        else pipeline(content, outgoing).catch(() => {})
      })
    return () => send(url)
  },
  fetch() {
    return async () => {
      const response = await fetch(url, { method, headers, body: body(), duplex: 'half' })
      return result(response.status, await response.arrayBuffer())
    }
  },
  async undici() {
    const { Agent, interceptors, request } = (await load('undici')).default
    const dispatcher = new Agent().compose(interceptors.redirect({ maxRedirections: 3 }))
    return async () => {
      const response = await request(url, { method, headers, body: body(), dispatcher })
      return result(response.statusCode, await response.body.arrayBuffer())
    }
  },
  async axios() {
    const axios = (await load('axios')).default
    const agent = new http.Agent({ keepAlive: true })
    return async () => {
      const options = { method, url, headers, data: body(), httpAgent: agent, responseType: 'arraybuffer' }
      const limits = { maxBodyLength: Number.POSITIVE_INFINITY, maxRedirects: isStreamed ? 0 : 3 }
      const response = await axios({ ...options, ...limits, validateStatus: () => true })
      return result(response.status, response.data)
    }
  },
  async got() {
    const { got } = await load('got')
    const agent = { http: new http.Agent({ keepAlive: true }) }
    return async () => {
      const options = { method, headers, body: body(), agent, throwHttpErrors: false, retry: { limit: 0 } }
      const response = await got(url, { ...options, responseType: 'buffer' })
      return result(response.statusCode, response.body)
    }
  },
  async 'node-fetch'() {
    const fetch = (await load('node-fetch')).default
    const agent = new http.Agent({ keepAlive: true })
    return async () => {
      const response = await fetch(url, { method, headers, body: body(), agent })
      return result(response.status, await response.arrayBuffer())
    }
  },
  async superagent() {
    const superagent = (await load('superagent')).default
    const agent = new http.Agent({ keepAlive: true })
    return () =>
      new Promise((resolve, reject) => {
        const request = superagent(method, url).agent(agent).set(headers).buffer(true)
        request.on('response', ({ status, text }) => resolve(result(status, text ?? '')))
        request.on('error', (error) => error.response ?? reject(error))
        if (bodyFile === undefined) return request.end(() => {})
        request.set('Content-Type', 'text/plain')
        if (isStreamed) return pipeline(createReadStream(bodyFile), request).catch(() => {})
        request.send(readFileSync(bodyFile, 'latin1')).end(() => {})
      })
  },
  async needle() {
    const needle = (await load('needle')).default
    const agent = new http.Agent({ keepAlive: true })
    return async () => {
      const options = { headers, agent, follow_max: 3, parse_response: false }
      const response = await needle(method.toLowerCase(), url, body() ?? null, options)
      return result(response.statusCode, response.raw)
    }
  },
  async ky() {
    const ky = (await load('ky')).default
    return async () => {
      const options = { method, headers, body: body(), throwHttpErrors: false, retry: 0, duplex: 'half' }
      const response = await ky(url, options)
      return result(response.status, await response.arrayBuffer())
    }
  },
}

const send = await clients[name]()
const found = []
for (let i = 0; i < times; i++) {
  if (i > 0) await sleep(pauseMs)
  found.push(await send().catch((error) => ({ error: String(error?.cause ?? error) })))
}
process.stdout.write(JSON.stringify(found), () => process.exit())
