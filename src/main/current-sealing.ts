// What this process seals with: the configured keys, and where there are none the digests of the admin tokens.

import type { AdminTokens } from '../control/operator.ts'
import { createSealing, type Sealing } from '../credentials/sealing.ts'

export interface SealingDeps {
  readonly secrets: { readonly sealKeys: readonly string[] }
  /** Those in force. */
  readonly tokens: { current(): AdminTokens }
}

/** Made anew when the admin tokens are others. */
export function createCurrentSealing({ secrets, tokens }: SealingDeps): () => Sealing {
  let made: { readonly of: AdminTokens; readonly sealing: Sealing } | undefined
  return () => {
    const current = tokens.current()
    if (made?.of !== current) {
      const digests = current.map(({ digest }) => digest.toString('hex'))
      made = { of: current, sealing: createSealing([...secrets.sealKeys, ...digests]) }
    }
    return made.sealing
  }
}
