// Tokens of outside issuers are in no store: what the stores know of one is its merchant. So that a merchant is looked up as a
// secret is, through the same tiers with the same freshness, its id stands where a secret's digest would: the 30 bytes of the
// id and two of nothing. No secret has such a digest: that would be a preimage of SHA-256 (credentials/secret.ts).
//
// Pure. What is found is a record of the kind `merchant`, which no presented key may lead to.

const merchantId = /^mer_[0-9A-HJKMNP-TV-Z]{26}$/
const digestLength = 64
/** `mer_` */
const mark = '6d65725f'

/** Where the merchant is looked up (64 hex digits); undefined: it is not the id of one. */
export function digestOfMerchant(id: string): string | undefined {
  return merchantId.test(id) ? Buffer.from(id, 'latin1').toString('hex').padEnd(digestLength, '0') : undefined
}

/** The merchant that is looked up there; undefined: it is the digest of a secret. */
export function merchantOfDigest(digest: string): string | undefined {
  if (!digest.startsWith(mark) || !digest.endsWith('0000')) return undefined
  const id = Buffer.from(digest.slice(0, -4), 'hex').toString('latin1')
  return merchantId.test(id) ? id : undefined
}
