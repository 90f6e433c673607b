// What a request shows of its proof of possession, or of the want of one. Whether it fits the token only a store knows.

import { proofAlgorithms } from '../../credentials/proof-algorithms.ts'
import { Secret } from '../../credentials/secret.ts'
import { proofIn } from '../proof/check-proof.ts'
import type { Shown } from './shown.ts'

const hints = {
  proof_missing: 'Authorization has the scheme DPoP, and there is no proof: send one in the field DPoP',
  several_proofs: 'the field DPoP is there more than once: send one proof',
  proof_malformed: `the field DPoP is no proof that is taken: a JWT of the type dpop+jwt, signed with ${proofAlgorithms.join(', ')}, with the public key in its header, and htm, htu, iat, jti and ath`,
  proof_other_request: 'the proof in the field DPoP is for another method or URL than this request',
  proof_other_token: 'the proof in the field DPoP is for another token: its ath is not the hash of this one',
} as const

/** A fixed sentence; undefined: the request asks for none, or nothing can be seen to be wrong with it. */
export function hintOfProof(shown: Shown, token: string): string | undefined {
  if (!shown.isDpop) return undefined
  const fault = proofIn(shown, new Secret(token))
  return typeof fault === 'string' ? hints[fault] : undefined
}
