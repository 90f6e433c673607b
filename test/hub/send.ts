import { request } from 'node:http'

interface Asked {
  readonly host: string
  readonly path: string
  readonly secret: string
}

/** The status of a request through the gateway, with a key. */
export function send(port: number, asked: Asked): Promise<number> {
  return ask(port, asked, { 'x-api-key': asked.secret })
}

/** With an access token. */
export function sendBearer(port: number, asked: Asked): Promise<number> {
  return ask(port, asked, { authorization: `Bearer ${asked.secret}` })
}

function ask(port: number, { host, path }: Asked, credential: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host, ...credential }
    request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
