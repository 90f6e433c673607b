// Which request is the last one of its connection, as what comes behind it cannot be trusted to be a message.

import type { Socket } from 'node:net'
import type { Stage } from '../../decision/inquiry.ts'
import { hasBody } from '../../decision/request/head.ts'
import { deny } from '../../errors/denial.ts'
import type { Access } from '../access.ts'
import { endsParsing } from './upgrades.ts'

/**
 * A request behind which nothing can be trusted to be a message is the last one of its connection: one whose head was not
 * read to its end, and one behind which the parser has stopped.
 */
export function createLastRequestGuard(): Stage<Access> {
  const ended = new WeakSet<Socket>()
  return ({ raw, reply, head }) => {
    if (ended.has(raw.socket)) return deny('BAD_REQUEST', 'after_last_request')
    if (head.excess === undefined && !(hasBody(head) && endsParsing(raw))) return undefined
    ended.add(raw.socket)
    reply.shouldKeepAlive = false
    return undefined
  }
}
