// Which addresses webhooks may be sent to: those of the public internet. All others reach what stands beside this program:
// the machine itself, its network, a cloud's metadata. By the registries of special addresses (RFC 6890 and IANA's lists
// for IPv4 and IPv6). An IPv4 address within an IPv6 one counts as what it is.

import { isIP } from 'node:net'

/** `[first, bits]`: not of the public internet. */
const special4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** Within 2000::/3, beyond which nothing is public. */
const special6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]

/** Whether a textual address is one of the public internet; what is no address is not. */
export function isPublicAddress(address: string): boolean {
  const plain = unmapped(address)
  if (isIP(plain) === 4)
    return !special4.some((block) => isWithin(groups4(plain), groups4(block[0]), 8, block[1]))
  if (isIP(plain) !== 6 || plain.includes('%')) return false
  const groups = groups6(plain)
  const isGlobal = isWithin(groups, groups6('2000::'), 16, 3)
  return isGlobal && !special6.some((block) => isWithin(groups, groups6(block[0]), 16, block[1]))
}

/** An IPv4 address within an IPv6 one (mapped, RFC 4291 §2.5.5.2; translated, RFC 6052 §2.1) as itself; any other stays. */
export function unmapped(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address
  const groups = groups6(address)
  const [high = 0, low = 0] = groups.slice(6)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  const isTranslated =
    groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0)
  return isMapped || isTranslated ? [high >> 8, high & 255, low >> 8, low & 255].join('.') : address
}

function isWithin(groups: readonly number[], first: readonly number[], width: number, bits: number): boolean {
  return groups.every((group, index) => {
    const counted = Math.min(Math.max(bits - index * width, 0), width)
    return group >> (width - counted) === (first[index] ?? 0) >> (width - counted)
  })
}

function groups4(address: string): number[] {
  return address.split('.').map(Number)
}

/** Eight groups of an address that is one. */
function groups6(address: string): number[] {
  const [, beginning = '', quad] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? []
  if (quad !== undefined) {
    const [a = 0, b = 0, c = 0, d = 0] = groups4(quad)
    return groups6(`${beginning}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`)
  }
  const [left = '', right] = address.split('::')
  const head = groupsOf(left)
  if (right === undefined) return head
  const tail = groupsOf(right)
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
