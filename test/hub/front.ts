// What stands between people and the hub: a proxy that takes a path prefix away. It can hold requests back, as a slow network
// does, and lose them.

import { createServer, request } from 'node:http'

interface Teardown {
  teardown(fn: () => Promise<void>): unknown
}

export interface Front {
  /** Without a slash at its end. */
  readonly url: string
  /** How often each `METHOD /path` was asked for. */
  readonly asked: string[]
  /** While set, requests that it fits wait. */
  hold(fits: RegExp): () => void
  /** While true, nothing is answered. */
  isAway: boolean
}

interface FrontOptions {
  readonly port: number
  readonly prefix: string
  readonly to: () => number
}

export async function startFront(t: Teardown, { port, prefix, to }: FrontOptions): Promise<Front> {
  const held: { readonly fits: RegExp; readonly released: Promise<void> }[] = []
  const front: Front = {
    url: `http://localhost:${port}${prefix}`,
    asked: [],
    isAway: false,
    hold(fits) {
      let release = (): void => undefined
      const one = { fits, released: new Promise<void>((resolve) => (release = resolve)) }
      held.push(one)
      return () => {
        held.splice(held.indexOf(one), 1)
        release()
      }
    },
  }
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    if (front.isAway) return void incoming.socket.destroy()
    if (!url.startsWith(`${prefix}/`)) return void outgoing.writeHead(404).end()
    const path = url.slice(prefix.length)
    const name = `${method} ${path.split('?')[0]}`
    front.asked.push(name)
    const pass = (): void => {
      const onward = request({ host: '127.0.0.1', port: to(), method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.destroy())
      outgoing.on('close', () => onward.destroy())
      incoming.pipe(onward)
    }
    const waiting = held.filter(({ fits }) => fits.test(name))
    if (waiting.length === 0) pass()
    else void Promise.all(waiting.map(({ released }) => released)).then(pass)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.teardown(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return front
}
