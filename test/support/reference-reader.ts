// How HTTP/1.1 reads a connection's bytes, by the letter of RFC 9112, and which of the requests the gateway may let
// through, by the letter of the contract. Written apart from the gateway, which is held against it.

export interface ReadRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [string, string])[]
  /** After the framing was taken off. */
  readonly body: string
}

/** The requests of a connection, in order, up to the first byte that no request can be made of. */
export function readRequests(bytes: string): ReadRequest[] {
  const requests: ReadRequest[] = []
  let rest = bytes
  for (;;) {
    const taken = takeRequest(rest.replace(/^[\r\n]+/, ''))
    if (taken === undefined) return requests
    requests.push(taken.request)
    rest = taken.rest
  }
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) +([^ ]+) +HTTP\/1\.[01]$/
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/

function takeRequest(bytes: string): { request: ReadRequest; rest: string } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...lines] = bytes.slice(0, end).split('\r\n')
  const [, method, target] = requestLine.exec(first) ?? []
  if (method === undefined || target === undefined) return undefined
  const fields: [string, string][] = []
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    fields.push([name, value])
  }
  const framed = takeBody(bytes.slice(end + 4), fields)
  return framed && { request: { method, target, fields, body: framed.body }, rest: framed.rest }
}

/** All values of a field, in order. */
export function fieldValues(fields: ReadRequest['fields'], name: string): string[] {
  return fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

/** RFC 9112 §6.3, with all that it lets a server refuse refused. */
function takeBody(bytes: string, fields: ReadRequest['fields']): { body: string; rest: string } | undefined {
  const lengths = fieldValues(fields, 'content-length')
  const codings = fieldValues(fields, 'transfer-encoding')
  if (lengths.length + codings.length > 1) return undefined
  const [coding] = codings
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? takeChunks(bytes) : undefined
  const [length = '0'] = lengths
  if (!/^\d{1,15}$/.test(length) || bytes.length < Number(length)) return undefined
  return { body: bytes.slice(0, Number(length)), rest: bytes.slice(Number(length)) }
}

function takeChunks(bytes: string): { body: string; rest: string } | undefined {
  let body = ''
  let rest = bytes
  for (;;) {
    const [line, digits] = /^([0-9A-Fa-f]{1,8})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n/.exec(rest) ?? []
    if (line === undefined || digits === undefined) return undefined
    const size = Number.parseInt(digits, 16)
    rest = rest.slice(line.length)
    if (size === 0) {
      const [trailers] = /^(?:[^\r\n:]+:[^\r\n]*\r\n)*\r\n/.exec(rest) ?? []
      return trailers === undefined ? undefined : { body, rest: rest.slice(trailers.length) }
    }
    if (rest.slice(size, size + 2) !== '\r\n') return undefined
    body += rest.slice(0, size)
    rest = rest.slice(size + 2)
  }
}

/** What a request has to meet beside its path. */
export interface Admission {
  readonly host: RegExp
  readonly key: string
  /** Key prefixes, which may begin no query value. */
  readonly prefixes: readonly string[]
  /** `METHOD path` of the routes that take the key; and of those that take none. */
  readonly keyed: RegExp
  readonly open: RegExp
}

/** RFC 9112 §3.2.1 and §3.2.2: an absolute-form target of the host that the request names, as its origin-form; others as they are. */
export function targetOf({ method, target, fields }: ReadRequest): string {
  const [, authority, rest = ''] = /^https?:\/\/([^/?#]+)(.*)$/i.exec(target) ?? []
  if (authority === undefined) return target
  if (authority.toLowerCase() !== fieldValues(fields, 'host')[0]?.toLowerCase()) return target
  if (rest === '') return method === 'OPTIONS' ? '*' : '/'
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Whether the gateway may forward it (contract 5.1 to 5.7). */
export function mayPass(request: ReadRequest, admission: Admission): boolean {
  const hosts = fieldValues(request.fields, 'host')
  if (hosts.length !== 1 || !admission.host.test(hosts[0] ?? '')) return false
  const [path = '', ...query] = targetOf(request).split('?')
  if (!isPlainPath(path) || !isPlainQuery(query.join('?'), admission.prefixes)) return false
  const line = `${request.method} ${path}`
  if (admission.open.test(line)) return true
  const keys = fieldValues(request.fields, 'x-api-key')
  return admission.keyed.test(line) && keys.length === 1 && keys[0] === admission.key
}

/** Visible ASCII in segments that are not empty, whose meaning no decoding changes. */
function isPlainPath(path: string): boolean {
  if (!/^\/(?:[!-"$&-.0-:<->@-[\]-~]|%[0-9A-Fa-f]{2}|\/(?!\/))*$/.test(path) || path.startsWith('//'))
    return false
  try {
    return path.split('/').every((segment) => {
      const decoded = decodeURIComponent(segment)
      return decoded !== '.' && decoded !== '..' && /^[^/\\%;?#]*$/.test(decoded) && !hasControl(decoded)
    })
  } catch {
    return false
  }
}

function hasControl(text: string): boolean {
  return Array.from(text).some((character) => character < ' ' || character === '\u007f')
}

function isPlainQuery(query: string, prefixes: readonly string[]): boolean {
  if (!/^[!-~]*$/.test(query) || query.includes('#')) return false
  return query.split(/[&;]/).every((pair) => {
    const value = unescapeBytes(pair.slice(pair.indexOf('=') + 1))
    return prefixes.every((prefix) => !value.startsWith(prefix))
  })
}

function unescapeBytes(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)))
}
