// Addresses of clients: whether one lies in a block, which of them count as one client.

import { BlockList, isIP } from 'node:net'

/** Node's list takes longer for one address than the decision over a key; bounded, as clients have many. */
const rememberedAddresses = 10_000
/** An IPv6 address with an IPv4 one at its end; only a zone, which may be of any length, makes one longer. */
const longestRemembered = 45

/** Whether an address lies in one of the blocks. */
export function addressMatcher(blocks: readonly string[]): (address: string) => boolean {
  const matches = blockMatcher(blocks)
  const remembered = new Map<string, boolean>()
  return (address) => {
    if (address.length > longestRemembered) return matches(address)
    let isMatch = remembered.get(address)
    if (isMatch === undefined) {
      isMatch = matches(address)
      if (remembered.size >= rememberedAddresses) remembered.clear()
      remembered.set(ownCopy(address), isMatch)
    }
    return isMatch
  }
}

const knownLists = new WeakMap<readonly string[], (address: string) => boolean>()

/** The same for lists that many have and few ask: what is worked out of one is kept as long as the list, and no address is. */
export function matchesAny(blocks: readonly string[], address: string): boolean {
  let matches = knownLists.get(blocks)
  if (matches === undefined) knownLists.set(blocks, (matches = blockMatcher(blocks)))
  // A zone says by which interface it came.
  return matches(address.replace(/%.*$/, ''))
}

/** IPv4 addresses as IPv6 writes them. */
const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')

/** A list for each family: one for both has `::/0` hold all of IPv4. */
function blockMatcher(blocks: readonly string[]): (address: string) => boolean {
  const v4 = new BlockList()
  const v6 = new BlockList()
  for (const block of blocks) {
    const [address = '', bits] = block.split('/')
    const length = bits === undefined ? undefined : Number(bits)
    if (isIP(address) !== 6) v4.addSubnet(address, length ?? 32, 'ipv4')
    else if ((length ?? 128) < 96 || !mapped.check(address, 'ipv6'))
      v6.addSubnet(address, length ?? 128, 'ipv6')
    else v4.addSubnet(mappedIn(address), (length ?? 128) - 96, 'ipv4')
  }
  return (address) => {
    const version = isIP(address)
    if (version === 4) return v4.check(address, 'ipv4')
    if (version === 0) return false
    // That list knows IPv4 in either spelling.
    return mapped.check(address, 'ipv6') ? v4.check(address, 'ipv6') : v6.check(address, 'ipv6')
  }
}

/** The IPv4 address in an IPv6 one, whose last 32 bits stand in it as one number, or as two. */
function mappedIn(address: string): string {
  const last = address.slice(address.lastIndexOf(':') + 1)
  if (isIP(last) === 4) return last
  const [high = 0, low = 0] = new URL(`http://[${address}]`).hostname
    .slice(1, -1)
    .split(':')
    .slice(-2)
    .map((part) => Number.parseInt(part, 16))
  return [high >> 8, high & 255, low >> 8, low & 255].join('.')
}

/** What counts as one client: an IPv4 address, or an IPv6 /64, as one subscriber has that many to change between. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address
  const [left = '', right = ''] = address.split('::')
  const head = left.split(':')
  const tail = right === '' ? [] : right.split(':')
  const gap = address.includes('::') ? Math.max(0, 8 - head.length - tail.length) : 0
  return [...head, ...Array.from({ length: gap }, () => '0'), ...tail].slice(0, 4).join(':')
}

/** A text cut out of another keeps all of that in memory, and addresses outlive their request. */
export function ownCopy(address: string): string {
  return Buffer.from(address, 'latin1').toString('latin1')
}

/** An IPv4 address that arrived on an IPv6 socket in its plain form. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
}
