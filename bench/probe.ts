// One look at a server: does it listen, and what does it answer.

import { connect } from 'node:net'
import { openConnection, type Target } from './connection.ts'

/** Whether a connection can be made. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/** The status of the answer to one message; rejects where none comes whole within 10 s. */
export async function ask(target: Target, message: string): Promise<number> {
  const { promise, resolve, reject } = withResolvers<number>()
  const timer = setTimeout(() => reject(new Error('no answer within 10 s')), 10_000)
  try {
    const failed = (reason: string) => reject(new Error(reason))
    const connection = await openConnection(target, { answered: resolve, failed })
    connection.send(message)
    return await promise.finally(() => connection.close())
  } finally {
    clearTimeout(timer)
  }
}

// Promise.withResolvers, which Node 20 does not have.
function withResolvers<T>() {
  let resolve: (value: T) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
