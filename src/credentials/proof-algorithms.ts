// How a proof of possession (DPoP, RFC 9449) may be signed: by a key of the client's alone, so no shared secret and no `none`.

/** By their names in JOSE; `Ed25519` (RFC 9864) says the same as `EdDSA` of a key of that curve. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519', 'PS256'] as const
export type ProofAlgorithm = (typeof proofAlgorithms)[number]
