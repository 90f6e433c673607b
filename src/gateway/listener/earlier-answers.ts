// The order of answers on a connection, for what is done to the connection itself and not to one of its responses.

import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The response that Node writes to a connection now: it keeps it on the socket. */
export function replyInTheMaking(socket: Socket): ServerResponse | undefined {
  const reply = '_httpMessage' in socket ? socket._httpMessage : undefined
  return reply instanceof ServerResponse ? reply : undefined
}

/**
 * Calls `next` when it is its turn on the connection. Where the request of the response in the making has come whole, that
 * is when its answer has been handed over; where it has not, what is to be done is about its body, and once the answer has
 * begun there is only cutting.
 */
export function afterEarlierAnswers(socket: Socket, next: () => void): void {
  const reply = replyInTheMaking(socket)
  if (reply === undefined) next()
  else if (reply.req.complete) reply.once('finish', () => afterEarlierAnswers(socket, next))
  else if (reply.headersSent) socket.destroySoon()
  else next()
}
