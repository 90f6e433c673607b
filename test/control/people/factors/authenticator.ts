// An authenticator as the WebAuthn specification has it (§6.1, §6.5), in software: one key of P-256, its owner always there and verified
// unless a test says otherwise.

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  /** UP 1, UV 4, AT 64. */
  readonly flags?: number
  readonly counter?: number
  readonly type?: string
  readonly userHandle?: string | null
  readonly signature?: Buffer
  /** CBOR of `fmt` and `attStmt`. */
  readonly attestation?: Buffer
}

export interface Options {
  readonly challenge: string
}

const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest()
const encoded = (data: Buffer) => data.toString('base64url')

/** CBOR (RFC 8949) of what is needed here. */
const head = (major: number, length: number) =>
  length < 24
    ? Buffer.from([(major << 5) | length])
    : length < 256
      ? Buffer.from([(major << 5) | 24, length])
      : Buffer.from([(major << 5) | 25, length >> 8, length & 255])
export const cborText = (text: string) => Buffer.concat([head(3, text.length), Buffer.from(text)])
export const cborBytes = (bytes: Buffer) => Buffer.concat([head(2, bytes.length), bytes])
export const cborMap = (...members: readonly Buffer[]) =>
  Buffer.concat([head(5, members.length / 2), ...members])
export const cborArray = (...items: readonly Buffer[]) => Buffer.concat([head(4, items.length), ...items])
const cborInteger = (value: number) => (value < 0 ? head(1, -1 - value) : head(0, value))

const none = Buffer.concat([cborText('fmt'), cborText('none'), cborText('attStmt'), cborMap()])

export function createAuthenticator({ origin, rpId }: { readonly origin: string; readonly rpId: string }) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const id = randomBytes(32)
  let counter = 0

  function clientData(type: string, { challenge }: Options, lies: Lies): Buffer {
    const said = { type: lies.type ?? type, challenge, origin: lies.origin ?? origin, crossOrigin: false }
    return Buffer.from(JSON.stringify(said))
  }

  function authenticatorData(flags: number, lies: Lies, rest = Buffer.alloc(0)): Buffer {
    const count = Buffer.alloc(4)
    count.writeUInt32BE(lies.counter ?? ++counter)
    return Buffer.concat([sha256(lies.rpId ?? rpId), Buffer.from([lies.flags ?? flags]), count, rest])
  }

  function coseKey(): Buffer {
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    const [kty, alg, crv] = [
      [1, 2],
      [3, -7],
      [-1, 1],
    ].map((pair) => pair.map(cborInteger))
    const point = (name: number, text: string) => [
      cborInteger(name),
      cborBytes(Buffer.from(text, 'base64url')),
    ]
    return cborMap(...(kty ?? []), ...(alg ?? []), ...(crv ?? []), ...point(-2, x), ...point(-3, y))
  }

  const common = { id: encoded(id), rawId: encoded(id), type: 'public-key', clientExtensionResults: {} }
  return {
    id: encoded(id),
    /** `navigator.credentials.create()` */
    create(options: Options, lies: Lies = {}) {
      const length = Buffer.from([0, id.length])
      const attested = Buffer.concat([Buffer.alloc(16), length, id, coseKey()])
      const data = authenticatorData(1 | 4 | 64, lies, attested)
      const members = [lies.attestation ?? none, cborText('authData'), cborBytes(data)]
      const attestationObject = encoded(Buffer.concat([head(5, 3), ...members]))
      const clientDataJSON = encoded(clientData('webauthn.create', options, lies))
      return { ...common, response: { clientDataJSON, attestationObject, transports: ['internal'] } }
    },
    /** `navigator.credentials.get()` */
    get(options: Options, userId: string, lies: Lies = {}) {
      const client = clientData('webauthn.get', options, lies)
      const data = authenticatorData(1 | 4, lies)
      const signature = lies.signature ?? sign('sha256', Buffer.concat([data, sha256(client)]), privateKey)
      const userHandle = lies.userHandle === undefined ? encoded(Buffer.from(userId)) : lies.userHandle
      const response = { clientDataJSON: encoded(client), authenticatorData: encoded(data) }
      return { ...common, response: { ...response, signature: encoded(signature), userHandle } }
    },
  }
}
