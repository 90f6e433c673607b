// What a JWT says of when it was made. One that is of the future was made to be used later, by whoever has it then (FAPI 2.0
// §5.3.2.1: clocks differ by some seconds, and more than 60 are refused). Nothing else is believed of it here.

/** How far clocks of clients may be ahead, in milliseconds. */
const mostAheadMs = 60_000

/** Whether its `iat` or `nbf` is further ahead of ours than clocks are; false for what is no JWT, which others refuse. */
export function isFromFuture(jwt: string, nowMs: number): boolean {
  const { iat, nbf } = claimsOf(jwt)
  return [iat, nbf].some((time) => typeof time === 'number' && time * 1_000 > nowMs + mostAheadMs)
}

function claimsOf(jwt: string): { readonly iat?: unknown; readonly nbf?: unknown } {
  const [, payload = ''] = jwt.split('.')
  try {
    return { ...Object(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))) }
  } catch {
    return {}
  }
}
