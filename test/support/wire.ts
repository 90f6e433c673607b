// HTTP by hand: exact bytes in, exact bytes out.

import { connect } from 'node:net'

export interface RawResponse {
  readonly status: number
  /** Status line and header fields as they came. */
  readonly head: string
  readonly body: string
  /** All bytes, as latin1. */
  readonly bytes: string
}

/** Sends bytes and reads until the other side closes, `answers` have come whole, or nothing has come for `quietMs`. */
export function exchange(
  port: number,
  bytes: string | readonly string[],
  quietMs = 300,
  answers = 1,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let received = ''
    const socket = connect(port, '127.0.0.1')
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(parseResponse(received))
    }
    let timer = setTimeout(finish, 5_000)
    socket.on('connect', () => {
      for (const part of typeof bytes === 'string' ? [bytes] : bytes) socket.write(part, 'latin1')
    })
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
      clearTimeout(timer)
      timer = setTimeout(finish, isWhole(received, answers) ? 2 : quietMs)
    })
    socket.on('close', finish)
    socket.on('error', (error) => {
      if (received === '') {
        clearTimeout(timer)
        reject(error)
      } else finish()
    })
  })
}

/** Whether that many answers have begun, and the last of them has an announced length and has come whole. */
function isWhole(bytes: string, answers: number): boolean {
  if (bytes.split(/HTTP\/1\.1 [2-5]/).length - 1 < answers) return false
  const { head, body } = parseResponse(
    bytes.slice(bytes.search(/HTTP\/1\.1 [2-5](?![\s\S]*HTTP\/1\.1 [2-5])/)),
  )
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  return length !== undefined && body.length >= Number(length)
}

/** Splits the first response off raw bytes. */
export function parseResponse(bytes: string): RawResponse {
  const end = bytes.indexOf('\r\n\r\n')
  const head = end === -1 ? bytes : bytes.slice(0, end)
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end === -1 ? '' : bytes.slice(end + 4),
    bytes,
  }
}

/** A request as text: `request('GET /v1/x', ['Host: a'])`. */
export function request(line: string, fields: readonly string[], body = ''): string {
  return `${line} HTTP/1.1\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n${body}`
}

/** Value of a response's field. */
export function fieldOf(response: RawResponse, name: string): string | undefined {
  for (const line of response.head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    if (line.slice(0, colon).toLowerCase() === name.toLowerCase()) return line.slice(colon + 1).trim()
  }
  return undefined
}

/** The error code of a response in the standard shape. */
export function codeOf(response: RawResponse): string | undefined {
  const parsed: unknown = JSON.parse(response.body)
  const error: unknown = Object(parsed).error
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined
}
