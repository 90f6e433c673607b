// Header names that a client's request does not carry to an upstream, because servers, frameworks or gateways that are met
// behind one take them for something other than a client's word. Folded (header-names.ts); `*` stands for any end or, in
// front, any beginning. Where each of them is read: docs/compatibility.md, which a test holds against these lists.

/** Never forwarded on any route (contract 6). */
export const neverForwarded: readonly string[] = [
  // Hop by hop, RFC 9110 §7.6.1; and what only makes sense on this connection.
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'proxy',
  'proxy-*',
  // Written anew by the dispatcher, or by the gateway.
  'host',
  'content-length',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-client-id',
  'x-user-id',
  'x-latchkey-*',
  // Credentials, also the one that was not used.
  'x-api-key',
]

/** Would make an upstream serve another method, path or file than the one that was judged, or skip its own checks. */
export const otherRequest: readonly string[] = [
  'path-info',
  'script-name',
  'x-accel-*',
  'x-envoy-original-dst-host',
  'x-envoy-original-path',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-middleware-subrequest',
  'x-original-*',
  'x-replaced-path',
  'x-rewrite-*',
  'x-script-name',
  'x-sendfile-type',
  'x-traversal-path',
]

/** What upstreams that stood behind another gateway, or an identity-aware proxy, take for the caller. */
export const otherIdentity: readonly string[] = [
  'cf-access-authenticated-user-email',
  'cf-access-jwt-assertion',
  'ms-aspnetcore-*',
  'remote-email',
  'remote-groups',
  'remote-name',
  'remote-user',
  'tailscale-user-*',
  'x-amzn-oidc-*',
  'x-anonymous-consumer',
  'x-auth-request-*',
  'x-authenticated-*',
  'x-authentik-*',
  'x-consumer-*',
  'x-credential-identifier',
  'x-goog-authenticated-user-*',
  'x-goog-iap-jwt-assertion',
  'x-ms-client-principal*',
  'x-ms-token-*',
  'x-pomerium-*',
  'x-remote-extra-*',
  'x-remote-group',
  'x-remote-user',
  'x-vouch-*',
  'x-webauth-*',
]

/** What only a trusted proxy may say: the client's address, scheme, host and certificate, and where the upstream is mounted. */
export const ofProxies: readonly string[] = [
  '*-client-ip',
  'appengine-user-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'cf-pseudo-ipv4',
  'client-cert',
  'client-cert-chain',
  'client-ip',
  'forwarded',
  'forwarded-for',
  'ssl-client-*',
  'x-appengine-user-ip',
  'x-forwarded',
  'x-forwarded-*',
  'x-host',
  'x-https',
  'x-real-ip',
  'x-scheme',
]

/** A test whether a folded name is one of a list. */
export function nameMatcher(names: readonly string[]): (folded: string) => boolean {
  const exact = new Set(names.filter((name) => !name.includes('*')))
  const beginnings = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  const ends = names.filter((name) => name.startsWith('*')).map((name) => name.slice(1))
  return (folded) =>
    exact.has(folded) ||
    beginnings.some((beginning) => folded.startsWith(beginning)) ||
    ends.some((end) => folded.endsWith(end))
}
