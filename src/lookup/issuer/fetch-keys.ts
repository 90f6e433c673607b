// What an issuer publishes, fetched: where the operator's own configuration, or the issuer that it names, says that it is. So an inside
// address is as good as another; what is not is a redirect, which nobody has named, and what is too large or takes too long.

import { whyNoKeyUrl } from '../../config/check-jwt.ts'

export const fetchBounds = { timeoutMs: 5_000, mostBytes: 256 * 1024 } as const

/** The body of a 200. Rejects with an error whose message says why there is none. */
export async function fetchKeys(url: string, stopped: AbortSignal): Promise<string> {
  const why = whyNoKeyUrl(url)
  if (why !== undefined) throw new Error(`where its keys are ${why}`)
  // No AbortSignal.any over AbortSignal.timeout: with Node 20 what comes of it is collected, and never fires.
  const over = new AbortController()
  const end = () => over.abort()
  const timer = setTimeout(end, fetchBounds.timeoutMs)
  if (stopped.aborted) end()
  stopped.addEventListener('abort', end)
  try {
    return await read(url, over.signal)
  } catch (error) {
    throw over.signal.aborted
      ? new Error(`it did not answer within ${fetchBounds.timeoutMs / 1_000} s`)
      : error
  } finally {
    clearTimeout(timer)
    stopped.removeEventListener('abort', end)
  }
}

async function read(url: string, signal: AbortSignal): Promise<string> {
  const response = await fetch(url, {
    signal,
    redirect: 'manual',
    headers: { accept: 'application/json, application/jwk-set+json', connection: 'close' },
  }).catch((error: unknown) => {
    throw new Error(whyFailed(error))
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`it answered ${response.status} at ${new URL(url).pathname}`)
  }
  return textOf(response)
}

/** Read as it comes: what says no length, or a wrong one, is bounded too. */
async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = body?.getReader()
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    length += read.value.byteLength
    if (length > fetchBounds.mostBytes) {
      await reader?.cancel()
      throw new Error(`its answer is over ${fetchBounds.mostBytes / 1024} KiB`)
    }
    chunks.push(read.value)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Node's own says no more than that it failed; the code of its cause does. */
function whyFailed(error: unknown): string {
  const { cause }: { cause?: unknown } = Object(error)
  const { code }: { code?: unknown } = Object(cause)
  return typeof code === 'string' ? `it cannot be reached: ${code}` : 'it cannot be reached'
}
