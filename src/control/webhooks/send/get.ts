// What somebody else publishes, by the rules of webhooks: a GET on a connection of its own, without redirects, of bounded length.

import { request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { onPermittedSocket, type SocketDeps, SocketFailure } from './permitted-socket.ts'

export interface GetDeps extends SocketDeps {
  readonly mostBytes: number
}

/** The body of an answer 200; undefined: there was none. Never rejects. */
export async function get(deps: GetDeps, url: string, signal: AbortSignal): Promise<string | undefined> {
  const outcome = await onPermittedSocket(deps, { url, signal }, (socket, deadline) =>
    read(socket, { url, deadline, mostBytes: deps.mostBytes }),
  )
  return 'done' in outcome ? outcome.done : undefined
}

interface Reading {
  readonly url: string
  readonly deadline: AbortSignal
  readonly mostBytes: number
}

function read(socket: Socket, { url, deadline, mostBytes }: Reading): Promise<string> {
  const { host, pathname, search } = new URL(url)
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      // Without `agent`: see post.ts.
      ...{ method: 'GET', path: `${pathname}${search}`, createConnection: () => socket },
      signal: deadline,
      headers: { host, accept: 'application/json', 'user-agent': 'Latchkey', connection: 'close' },
    })
    request.on('error', reject).on('close', () => reject(new SocketFailure('closed')))
    request.on('response', (response) => {
      if (response.statusCode !== 200) return reject(new SocketFailure('status'))
      const pieces: Buffer[] = []
      let length = 0
      response
        .on('data', (piece: Buffer) => {
          length += piece.length
          if (length > mostBytes) reject(new SocketFailure('protocol'))
          else pieces.push(piece)
        })
        .on('error', reject)
        .on('end', () => resolve(Buffer.concat(pieces).toString('utf8')))
    })
    request.end()
  })
}
