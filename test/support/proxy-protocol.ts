// Headers of the PROXY protocol, version 2, by hand.

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** Signature, version and command, family, length, and what is given. */
export function header2(versionAndCommand: number, family: number, rest: Buffer): Buffer {
  const fixed = Buffer.from([versionAndCommand, family, rest.length >> 8, rest.length & 0xff])
  return Buffer.concat([signature, fixed, rest])
}

/** Addresses and ports of a connection from an IPv4 address. */
export function tcp4(address: string): Buffer {
  return Buffer.from([...address.split('.').map(Number), 10, 0, 0, 1, 0xdc, 4, 1, 0xbb])
}

/** The same from an IPv6 address, given as 32 hexadecimal digits. */
export function tcp6(address: string): Buffer {
  return Buffer.concat([Buffer.from(address, 'hex'), Buffer.alloc(16, 1), Buffer.from([0xdc, 4, 1, 0xbb])])
}

/** Two paths of sockets of one machine. */
export const localBlock = Buffer.alloc(216)
