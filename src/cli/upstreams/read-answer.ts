// What a server answered, taken out of bytes: lenient where the gateway's own reader is strict, as it is to find out what
// comes. Pure: knows no socket.

export interface ProbeAnswer {
  readonly version: '1.0' | '1.1'
  readonly status: number
  /** It says that it closes the connection: by a field, or by being of HTTP/1.0 and not saying otherwise. */
  readonly saysClose: boolean
  /** Of `Keep-Alive: timeout=…`. */
  readonly keepAliveSeconds: number | undefined
}

export type ReadResult =
  | { readonly kind: 'answer'; readonly answer: ProbeAnswer; readonly rest: string }
  /** More bytes are needed. */
  | { readonly kind: 'part' }
  | { readonly kind: 'garbled' }

/** The first answer of `bytes` (latin1). `isOver`: no more will come. */
export function readAnswer(bytes: string, isOver: boolean): ReadResult {
  const [, version, status] = /^HTTP\/(1\.[01]) (\d{3})(?: [^\r\n]*)?\r?\n/.exec(bytes) ?? []
  const end = /\r?\n\r?\n/.exec(bytes)
  if (end === null) return unfinished(bytes, isOver)
  if (version === undefined || status === undefined) return { kind: 'garbled' }
  const head = bytes.slice(0, end.index)
  const body = bytes.slice(end.index + end[0].length)
  const rest = restBehind(body, { head, status: Number(status), isOver })
  if (rest === undefined) return isOver ? { kind: 'garbled' } : { kind: 'part' }
  const connection = fieldOf(head, 'connection')?.toLowerCase() ?? ''
  const keepAlive = /timeout *= *(\d{1,6})/.exec(fieldOf(head, 'keep-alive') ?? '')?.[1]
  return {
    kind: 'answer',
    rest,
    answer: {
      version: version === '1.0' ? '1.0' : '1.1',
      status: Number(status),
      saysClose: connection.includes('close') || (version === '1.0' && !connection.includes('keep-alive')),
      keepAliveSeconds: keepAlive === undefined ? undefined : Number(keepAlive),
    },
  }
}

const mostHeadBytes = 256 * 1024

function unfinished(bytes: string, isOver: boolean): ReadResult {
  const isHttp = bytes.startsWith('HTTP/1.'.slice(0, bytes.length))
  return isOver || !isHttp || bytes.length > mostHeadBytes ? { kind: 'garbled' } : { kind: 'part' }
}

interface Framing {
  readonly head: string
  readonly status: number
  readonly isOver: boolean
}

/** What comes behind the body; undefined: the body has not come whole. */
function restBehind(body: string, { head, status, isOver }: Framing): string | undefined {
  if (status < 200 || status === 204 || status === 304) return body
  if (fieldOf(head, 'transfer-encoding')?.toLowerCase().includes('chunked') === true)
    return behindChunks(body)
  const length = fieldOf(head, 'content-length')
  if (length === undefined) return isOver ? '' : undefined
  const bytes = Number(length)
  return Number.isSafeInteger(bytes) && body.length >= bytes ? body.slice(bytes) : undefined
}

function behindChunks(body: string): string | undefined {
  let at = 0
  for (;;) {
    const line = /^([0-9a-f]{1,8})[^\n]*\n/i.exec(body.slice(at, at + 4_096))
    if (line === null) return undefined
    at += line[0].length
    const size = Number.parseInt(line[1] ?? '', 16)
    if (size === 0) break
    at += size + 2
    if (at > body.length) return undefined
  }
  const trailers = /^(?:[^\r\n]+\r?\n)*\r?\n/.exec(body.slice(at))
  return trailers === null ? undefined : body.slice(at + trailers[0].length)
}

function fieldOf(head: string, name: string): string | undefined {
  for (const line of head.split('\n').slice(1)) {
    const colon = line.indexOf(':')
    if (line.slice(0, colon).toLowerCase() === name)
      return line.slice(colon + 1).replace(/^[ \t]+|[ \t\r]+$/g, '')
  }
  return undefined
}
