// IP addresses and CIDR blocks as people write them.

import { isIP, isIPv4, SocketAddress } from 'node:net'

/** Whether `text` is an IPv4 or IPv6 address, or a CIDR block of either; no zone. */
export function isAddressOrBlock(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || more.length > 0) return false
  return (
    bits === undefined || (/^(?:0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  )
}

/**
 * Why nothing should be connected to under a URL that can be parsed; undefined: nothing speaks against it. `010.0.0.1` is
 * 8.0.0.1 to some readers and 10.0.0.1 to others (WHATWG URL §3.5, inet_aton), `127.1` an address or a name.
 */
export function whyNoEndpoint(url: string): string | undefined {
  const { hostname, port } = new URL(url)
  if (Number(port) === 0 && port !== '') return 'port 0 takes no connections'
  const written = /^[^:]+:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)/.exec(url)?.[1] ?? ''
  if (isIPv4(written) || !(isIPv4(hostname) || endsInNumber(written))) return undefined
  return 'its host is an IPv4 address in a spelling that is read in several ways: give four decimal numbers without leading zeros'
}

/** Such a host is an IPv4 address, or none (WHATWG URL §3.5). */
function endsInNumber(host: string): boolean {
  return /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$/i.test(host)
}

/** The one spelling of an address or block: IPv6 short and in lower case, no `/32` or `/128`. */
export function canonicalBlock(block: string): string {
  const [address = '', bits] = block.split('/')
  const isLong = isIP(address) === 6
  const plain = isLong ? new SocketAddress({ address, family: 'ipv6' }).address : address
  return bits === undefined || Number(bits) === (isLong ? 128 : 32) ? plain : `${plain}/${bits}`
}

/** Whether a host is this machine alone; so is nothing, and a socket's folder, which Postgres takes where a host stands. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '').toLowerCase()
  return plain === '' || plain === 'localhost' || plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain)
}
