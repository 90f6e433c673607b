// A printed curl line, taken apart and sent: the few options that such lines have, quoted as a POSIX shell would read
// them. So that the lines can be tried on a machine that has no curl.

import { request } from 'node:http'

export interface CurlAnswer {
  readonly status: number
  readonly body: string
}

interface CurlRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Record<string, string>
  readonly data: string | undefined
}

/** Sends what the line says. Throws on anything that it does not know: such a line does not belong there. */
export function runCurlLine(line: string): Promise<CurlAnswer> {
  const { url, method, headers, data } = parseCurlLine(line)
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    sent.on('error', reject)
    sent.end(data)
  })
}

function parseCurlLine(line: string): CurlRequest {
  const [command, ...words] = shellWords(line)
  if (command !== 'curl') throw new Error(`not curl: ${line}`)
  const headers: Record<string, string> = {}
  let url: URL | undefined
  let method: string | undefined
  let data: string | undefined
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '-i') continue
    if (word === '-X') method = words[++i]
    else if (word === '-d') data = words[++i]
    else if (word === '-H') {
      const [, name = '', value = ''] = /^([^:]+): *(.*)$/.exec(words[++i] ?? '') ?? []
      headers[name] = value
    } else if (word.startsWith('-') || url !== undefined) throw new Error(`what is "${word}"? ${line}`)
    else url = new URL(word)
  }
  if (url === undefined) throw new Error(`no URL: ${line}`)
  if (data !== undefined) headers['Content-Length'] = String(Buffer.byteLength(data))
  return { url, method: method ?? (data === undefined ? 'GET' : 'POST'), headers, data }
}

/** Words of a simple command: bare ones without a character that a shell takes for its own, or in single quotes. */
function shellWords(line: string): string[] {
  return line.split(/ (?=(?:[^']*'[^']*')*[^']*$)/).map((word) => {
    const quoted = /^'([^']*)'$/.exec(word)?.[1]
    if (quoted !== undefined) return quoted
    if (!/^[A-Za-z0-9:/._-]+$/.test(word)) throw new Error(`a shell reads "${word}" in its own way: ${line}`)
    return word
  })
}
