// The header that a balancer of connections writes before everything else: the PROXY protocol, versions 1 and 2, as its
// specification has it (haproxy.org/download/2.9/doc/proxy-protocol.txt). Pure: bytes in, address out. Strict, as
// whoever could smuggle one in would be whoever he likes.

import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { plainAddress } from '../../config/request/addresses.ts'

export type ProxyHeader =
  /** So far it is the beginning of one. */
  | { readonly kind: 'more' }
  /** `client` null: the balancer speaks for itself, or does not say for whom. */
  | { readonly kind: 'header'; readonly bytes: number; readonly client: string | null }
  | { readonly kind: 'none' }

const more = { kind: 'more' } as const
const none = { kind: 'none' } as const

const beginning1 = Buffer.from('PROXY ', 'latin1')
const beginning2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** Section 2.1: with its CRLF no line is longer. */
const mostBytes1 = 107
/** What follows the fixed part of version 2, addresses and all: more than any balancer is known to write. */
export const mostBytesAfter2 = 4_096

/** Looks at all that has come on a connection so far; at least one byte. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsAlike(bytes, beginning1)) return readVersion1(bytes)
  return beginsAlike(bytes, beginning2) ? readVersion2(bytes) : none
}

/** Whether the shorter one begins the longer one. */
function beginsAlike(bytes: Buffer, beginning: Buffer): boolean {
  const length = Math.min(bytes.length, beginning.length)
  return bytes.compare(beginning, 0, length, 0, length) === 0
}

const line1 =
  /^PROXY (?:(TCP[46]) ([0-9A-Fa-f:.]+) ([0-9A-Fa-f:.]+) (\d{1,5}) (\d{1,5})|UNKNOWN(?: [^\r\n]*)?)$/

function readVersion1(bytes: Buffer): ProxyHeader {
  const line = bytes.toString('latin1', 0, mostBytes1)
  const end = line.search(/\r\n|\n|\r(?=.)/s)
  if (end === -1) return bytes.length < mostBytes1 ? more : none
  if (!line.startsWith('\r\n', end)) return none
  const [text, family, source = '', target = '', ...ports] = line1.exec(line.slice(0, end)) ?? []
  if (text === undefined) return none
  const header = { kind: 'header', bytes: end + 2 } as const
  if (family === undefined) return { ...header, client: null }
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6
  if (!isAddress(source) || !isAddress(target) || !ports.every(isPort)) return none
  return { ...header, client: asKernelWrites(source) }
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && Number(text) <= 65_535 && String(Number(text)) === text
}

const fixedBytes2 = 16

function readVersion2(bytes: Buffer): ProxyHeader {
  // What is wrong shows as soon as it is there; the rest may never come.
  const versionAndCommand = bytes[12] ?? 0x20
  if (versionAndCommand !== 0x20 && versionAndCommand !== 0x21) return none
  const family = bytes[13] ?? 0x00
  const isLocal = versionAndCommand === 0x20
  const addresses = addressesOf(family)
  if (addresses === undefined && !isLocal) return none
  if (bytes.length < fixedBytes2) return more
  const rest = bytes.readUInt16BE(14)
  if (rest > mostBytesAfter2 || (!isLocal && rest < (addresses?.bytes ?? 0))) return none
  if (bytes.length < fixedBytes2 + rest) return more
  const header = { kind: 'header', bytes: fixedBytes2 + rest } as const
  return { ...header, client: isLocal ? null : (addresses?.client(bytes.subarray(fixedBytes2)) ?? null) }
}

interface Addresses {
  /** Of both ends, with their ports. */
  readonly bytes: number
  readonly client: (block: Buffer) => string | null
}

/** Section 2.2: by family and transport. Datagrams come over no connection, and all other values must be refused. */
function addressesOf(family: number): Addresses | undefined {
  switch (family) {
    case 0x00:
      return { bytes: 0, client: () => null }
    case 0x11:
      return { bytes: 12, client: (block) => block.subarray(0, 4).join('.') }
    case 0x21:
      return { bytes: 36, client: (block) => asKernelWrites(groupsOf(block.subarray(0, 16))) }
    // A socket of the balancer's own machine: nobody that could be told apart.
    case 0x31:
      return { bytes: 216, client: () => null }
    default:
      return undefined
  }
}

function groupsOf(block: Buffer): string {
  return Array.from({ length: 8 }, (_, i) => block.readUInt16BE(2 * i).toString(16)).join(':')
}

/** The one spelling that addresses have which nobody wrote. */
function asKernelWrites(address: string): string {
  if (isIPv4(address)) return address
  return plainAddress(new SocketAddress({ address, family: 'ipv6' }).address)
}
