// Stage 6, of access tokens that are bound: to a key (DPoP, RFC 9449), which whoever uses one proves to have, for this request,
// now, and once; or to a certificate (RFC 8705), which was shown in the handshake. As with all that is wrong with a key there is one same answer; the reason is for log and metric.
//
// What costs little is asked first, the signature when all else fits, and whether the proof was used before last of all: what
// was made up uses up nothing.

import { certificateOf } from '../../credentials/record.ts'
import type { Secret } from '../../credentials/secret.ts'
import { tokenHashOf } from '../../credentials/secret.ts'
import { type Denial, deny } from '../../errors/denial.ts'
import type { Reason } from '../../errors/reasons.ts'
import type { ProofsSeen, Taken } from '../../lookup/proofs-seen.ts'
import { headerValues } from '../credential.ts'
import type { Inquiry, Stage } from '../inquiry.ts'
import { createVerifier } from './proof-key.ts'
import { type Asked, isForUrl } from './proof-url.ts'
import { type Proof, readProof } from './read-proof.ts'

/** How old a proof may be, and how far from the future. */
export const proofLifeMs = 60_000

export interface CheckProofDeps {
  readonly proofs: ProofsSeen
  /** Wall-clock milliseconds. */
  readonly now: () => number
}

type ProofReason = Reason<'INVALID_API_KEY'>

/** Refuses a bound token without its proof, and a proof with what is not bound (RFC 9449 §7.1, §7.2). */
export function checkProof({ proofs, now }: CheckProofDeps): Stage {
  const isSignedBy = createVerifier()

  function whyUnproven(
    jkt: string,
    { proof, nowMs }: { proof: Proof; nowMs: number },
  ): ProofReason | undefined {
    if (!(Math.abs(nowMs - proof.issuedAtMs) <= proofLifeMs)) return 'proof_time'
    if (proof.thumbprint !== jkt) return 'proof_other_key'
    return isSignedBy(proof, jkt) ? undefined : 'proof_signature'
  }

  return (inquiry) => {
    const { principal, isDpop, credential, host } = inquiry
    if (principal === undefined || credential === undefined) return undefined
    const { token } = principal.record
    const jkt = token === null ? null : token.jkt
    if (jkt === null) {
      const isOwn = principal.outside === undefined
      const mustBeBound = token !== null && isOwn && host?.api.oauth?.profile === 'fapi2'
      return isDpop || mustBeBound ? deny('INVALID_API_KEY', 'not_bound') : undefined
    }
    const certificate = certificateOf(jkt)
    if (certificate !== undefined)
      return isDpop ? deny('INVALID_API_KEY', 'not_bound') : refuseOther(inquiry, certificate)
    if (!isDpop) return deny('INVALID_API_KEY', 'bound')
    const proof = proofIn(inquiry, credential)
    if (typeof proof === 'string') return deny('INVALID_API_KEY', proof)
    const reason = whyUnproven(jkt, { proof, nowMs: now() })
    if (reason !== undefined) return deny('INVALID_API_KEY', reason)
    const taken = proofs.take(`${jkt} ${proof.jti}`, proof.issuedAtMs + proofLifeMs)
    return taken instanceof Promise ? taken.then(refuseRepeated) : refuseRepeated(taken)
  }
}

/** The certificate was shown in the handshake, with a signature by its key (RFC 8705 §3): nothing is asked of who has issued it. */
function refuseOther({ certificate }: Inquiry, bound: string): Denial | undefined {
  const shown = certificate()
  if (shown === bound) return undefined
  return deny('INVALID_API_KEY', shown === undefined ? 'certificate_missing' : 'certificate_other')
}

function refuseRepeated(taken: Taken): Denial | undefined {
  if (taken === 'unknown') return deny('AUTH_UNAVAILABLE', 'proofs_full')
  return taken === 'first' ? undefined : deny('INVALID_API_KEY', 'proof_repeated')
}

/** What the request shows of itself. */
export type ProofBearer = Asked & Pick<Inquiry, 'fields' | 'method'>

/** What the request itself can show to be wrong with its proof. */
export type ShownFault =
  | ('proof_missing' | 'several_proofs' | 'proof_malformed')
  | ('proof_other_request' | 'proof_other_token')

/** The proof for this request and token, or what is wrong with it. */
export function proofIn(inquiry: ProofBearer, token: Secret): Proof | ShownFault {
  const [text, ...more] = headerValues(inquiry.fields, 'DPoP')
  if (text === undefined || text === '') return 'proof_missing'
  if (more.length > 0) return 'several_proofs'
  const proof = readProof(text)
  if (proof === undefined) return 'proof_malformed'
  if (proof.htm !== inquiry.method || !isForUrl(proof.htu, inquiry)) return 'proof_other_request'
  return proof.ath === tokenHashOf(token) ? proof : 'proof_other_token'
}
