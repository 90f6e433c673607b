// IP addresses and CIDR blocks as people write them.

import { isIP, SocketAddress } from 'node:net'

/** Whether `text` is an IPv4 or IPv6 address, or a CIDR block of either; no zone. */
export function isAddressOrBlock(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || address.includes('%') || more.length > 0) return false
  return (
    bits === undefined || (/^(?:0|[1-9][0-9]{0,2})$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
  )
}

/** The one spelling of an address or block: IPv6 short and in lower case, no `/32` or `/128`. */
export function canonicalBlock(block: string): string {
  const [address = '', bits] = block.split('/')
  const isLong = isIP(address) === 6
  const plain = isLong ? new SocketAddress({ address, family: 'ipv6' }).address : address
  return bits === undefined || Number(bits) === (isLong ? 128 : 32) ? plain : `${plain}/${bits}`
}
