// Seals what must be readable again, and not by whoever reads the database: AES-256-GCM under a key derived from what is
// configured (RFC 5869). What is sealed is bound to its place: moved into another row it does not open.

import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto'

export interface Sealing {
  /** `v1.<key>.<nonce, text and tag in base64url>`. Throws where there is no key. */
  seal(place: string, text: string): string
  /** The text; undefined: forged, of another place, or sealed with a key that is not there. */
  open(place: string, sealed: string): string | undefined
  /** Whether it was sealed as `seal` would. */
  isByFirst(sealed: string): boolean
  /** How all of these begin; undefined: there is no key. */
  readonly mark: string | undefined
}

const nonceLength = 12
const tagLength = 16

interface Key {
  /** Tells keys apart, and tells nothing of them. */
  readonly name: string
  readonly key: Buffer
}

/** Seals with the first of the materials (any text of 32 characters or more), opens with all. */
export function createSealing(materials: readonly string[]): Sealing {
  const keys = materials.map(keyOf)
  const [first] = keys
  const mark = first && `v1.${first.name}.`
  return {
    seal(place, text) {
      if (first === undefined) throw new Error('There is no key to seal with')
      const nonce = randomBytes(nonceLength)
      const cipher = createCipheriv('aes-256-gcm', first.key, nonce).setAAD(Buffer.from(place))
      const parts = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return `v1.${first.name}.${Buffer.concat(parts).toString('base64url')}`
    },
    open(place, sealed) {
      const [version, name, text = ''] = sealed.split('.')
      const known = keys.find((key) => key.name === name)
      return version !== 'v1' || known === undefined ? undefined : opened(known, place, text)
    },
    mark,
    isByFirst: (sealed) => mark !== undefined && sealed.startsWith(mark),
  }
}

function opened({ key }: Key, place: string, text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length < nonceLength + tagLength) return undefined
  const end = bytes.length - tagLength
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceLength), {
    authTagLength: tagLength,
  })
  decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceLength, end)), decipher.final()]).toString()
  } catch {
    return undefined
  }
}

function keyOf(material: string): Key {
  const key = Buffer.from(hkdfSync('sha256', material, '', 'latchkey seal v1', 32))
  return { key, name: hash('sha256', key, 'hex').slice(0, 12) }
}
