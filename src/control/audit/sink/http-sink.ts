// A sink that takes POSTs: one batch each, on a connection of its own, with a deadline for all of it. Where it stands the
// platform's own configuration says, so its network may be a private one; else it is asked as webhooks are.

import { lookup } from 'node:dns/promises'
import type { DestinationRule } from '../../webhooks/send/destination.ts'
import { post } from '../../webhooks/send/post.ts'
import type { Resolve } from '../../webhooks/send/resolve.ts'
import type { SendBatch } from './sink.ts'

export interface HttpSink {
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** PEM; null: the authorities that Node has. */
  readonly ca: string | null
  readonly timeoutMs: number
}

const anywhere: Pick<DestinationRule, 'permits'> = { permits: () => true }

/** As the machine resolves it, its hosts file included. */
const resolve: Resolve = async (host) => {
  const found = await lookup(host, { all: true }).catch(() => [])
  return found.map(({ address }) => address)
}

export function createHttpSink({ url, headers, ca, timeoutMs }: HttpSink): SendBatch {
  const deps = { resolve, rule: anywhere, timeoutMs, ca: ca ?? undefined }
  const fields = { ...Object.fromEntries(headers), 'content-type': 'application/x-ndjson' }
  return async (body, signal) => {
    const { error, status, retryAfterMs } = await post(deps, { url, headers: fields, body }, signal)
    const why = error === 'status' ? `status_${status}` : error
    return { error: why, isTooLarge: status === 413, retryAfterMs }
  }
}
