import { request } from 'node:http'

interface Asked {
  readonly host: string
  readonly path: string
  readonly secret: string
}

/** The status of a request through the gateway. */
export function send(port: number, { host, path, secret }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'x-api-key': secret }
    request({ host: '127.0.0.1', port, path, headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}
