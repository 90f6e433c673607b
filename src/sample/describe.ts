// What a person reads of a request that reached the sample upstream.

import type { IncomingMessage } from 'node:http'

// Should one arrive after all, it is seen that it did, and it is not copied to the terminal.
const credentialNames = ['authorization', 'proxy-authorization', 'x-api-key', 'cookie']

/** A block of lines: role, method, path and status, then each header as it came. */
export function describe(role: string, request: IncomingMessage, status: number): string {
  const { rawHeaders, method = '', url = '' } = request
  const lines = [`${role}: ${method} ${printable(url)} -> ${status}`]
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const isCredential = credentialNames.includes(name.toLowerCase())
    lines.push(`    ${printable(name)}: ${isCredential ? `[${value.length} characters]` : printable(value)}`)
  }
  return lines.join('\n')
}

// Bytes above 0x7f are allowed in header values, and some of them steer a terminal.
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}
