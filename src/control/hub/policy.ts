// What the hub's page may load and do (CSP 3): its own scripts and nothing else, no request to another origin, no frame
// around it. Two styles are not in files: Radix writes one element while a dialog is open, which carries the nonce, and
// positions of menus and charts are attributes. What is said of every answer of the control port stands in people/headers.ts.

export function contentSecurityPolicy(styleNonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src-elem 'self' 'nonce-${styleNonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}
